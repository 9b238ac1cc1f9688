import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { ROOT } from "../lib/image-builds.ts";
import { catalogue } from "../lib/images.ts";
import { BUILDS } from "./image.plan.ts";

test("a release publishes each image that no one else publishes, and those of the program itself", () => {
  const release = readFileSync(`${ROOT}.github/workflows/release.yml`, "utf8");
  const [, loop = ""] = /for name in (.*); do/.exec(release) ?? [];
  const published = [...loop.split(" "), ...[...release.matchAll(/publish (\w+) /g)].map(([, name]) => name)];
  const unpublished = Object.values(catalogue).flatMap((entry) => ("published" in entry ? [] : [entry.folder]));
  expect(published.sort()).toEqual([...new Set([...unpublished, ...Object.keys(BUILDS)])].sort());
});
