import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

interface Manager {
  managerFilePatterns: string[];
  matchStrings: string[];
  depNameTemplate?: string;
}
const { customManagers } = JSON.parse(read("renovate.json")) as { customManagers: Manager[] };

/** What the managers of a file find in it, as "name:version". */
function foundIn(path: string, text = read(path)): string[] {
  const managers = customManagers.filter(({ managerFilePatterns }) =>
    managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(path)),
  );
  return managers.flatMap(({ matchStrings, depNameTemplate }) =>
    matchStrings.flatMap((pattern) =>
      [...text.matchAll(new RegExp(pattern, "g"))].map(
        ({ groups }) => `${groups?.depName ?? depNameTemplate}:${groups?.currentValue}`,
      ),
    ),
  );
}

test("every published image of the catalogue is found, with its version", () => {
  const published = [...read("infra/lib/images.ts").matchAll(/published:\s*"([^"]+)"/g)].map(([, image]) => image);
  expect(published.length).toBeGreaterThan(8);
  expect(foundIn("infra/lib/images.ts")).toEqual(published);
});

test.each(["service/Dockerfile", "web/Dockerfile"])("the base image of %s is found", (path) => {
  expect(foundIn(path)).toEqual([expect.stringMatching(/^node:24/)]);
});

const versionIn = (path: string, pattern: RegExp) => pattern.exec(read(path))?.[1];

test("an image's version is that of its published reference, so that an update of one alone fails here", () => {
  const entries = [
    ...read("infra/lib/images.ts").matchAll(/version: "([^"]+)",\s*folder: "([^"]+)",\s*published: "([^"]+)"/g),
  ];
  expect(entries.length).toBeGreaterThan(8);
  const odd = entries.filter(
    ([, version, , published = ""]) => !published.includes(`:v${version}`) && !published.includes(`:${version}`),
  );
  // The published Jaeger has the number of the second generation, and the module that is built that of the first.
  expect(odd.map(([, , folder]) => folder)).toEqual(["jaeger"]);
});

test("every pin of the toolchain that no go.mod, lock file or pom has is found", () => {
  expect(foundIn("local/toolchain/catalogue.ts")).toEqual([
    `k8s.io/kubernetes:${versionIn("local/toolchain/kubernetes/go.mod", /k8s\.io\/kubernetes v(\S+)/)}`,
    expect.stringMatching(/^github\.com\/pulumi\/pulumi\/pkg\/v3:3\./),
    `@pulumi/kubernetes:${versionIn("infra/package.json", /"@pulumi\/kubernetes": "([^"]+)"/)}`,
  ]);
  expect(foundIn("local/toolchain/build.ts")).toEqual([expect.stringMatching(/^go:1\.\d+\.\d+$/)]);
  expect(foundIn("local/toolchain/packaged.ts")).toEqual([
    expect.stringMatching(/^org\.apache\.maven\.plugins:maven-dependency-plugin:\d/),
  ]);
  expect(foundIn("local/toolchain/locust/requirements.in")).toEqual([expect.stringMatching(/^locust:\d/)]);
});

test("the control: text of another kind has none", () => {
  expect(foundIn("infra/lib/images.ts", 'folder: "nginx", version: "1.30.6"')).toEqual([]);
});
