import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execa } from "execa";
import { debianPackages, goModules, npmPackage } from "./contents.ts";
import { layOut } from "./layers.ts";
import { layerOf, pushed, registry } from "./registry.fixture.ts";
import { purlOf, sbomOf } from "./sbom.plan.ts";
import { invalid, tells, writeSbom } from "./sbom.ts";

const STATUS = `Package: libssl3t64
Status: install ok installed
Architecture: amd64
Source: openssl (3.5.1-1)
Version: 3.5.1-1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1:2.0
`;

const folder = mkdtempSync(join(tmpdir(), "media-sbom-test-"));
let server: Awaited<ReturnType<typeof registry>>;
beforeAll(async () => {
  server = await registry(folder);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** A folder with these files, by path. */
function tree(name: string, files: Record<string, string>): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe("an image in a real registry", () => {
  const manifest = (name: string, version: string) => JSON.stringify({ name, version });
  let reference: string;
  beforeAll(async () => {
    const base = tree("base", {
      "var/lib/dpkg/status": "",
      "etc/passwd": "root",
      "app/node_modules/old/package.json": manifest("old", "1.0.0"),
    });
    const top = tree("top", {
      "var/lib/dpkg/status": STATUS,
      "app/node_modules/old/package.json": manifest("old", "2.0.0"),
      "app/node_modules/@a/b/package.json": manifest("@a/b", "1.0.0"),
      "app/node_modules/@a/b/lib/package.json": '{"type":"module"}',
    });
    mkdirSync(join(top, "usr/local/bin"), { recursive: true });
    const { stdout: root } = await execa("go", ["env", "GOROOT"]);
    cpSync(join(root, "bin/gofmt"), join(top, "usr/local/bin/gofmt"));
    cpSync("/bin/true", join(top, "usr/local/bin/true"));
    reference = await pushed(server.address, "planted", [await layerOf(base), await layerOf(top)]);
  }, 120_000);

  test("is written as CycloneDX that the schema accepts: what its upper layers hold, and nothing that only looks so", async () => {
    const { file, ...counts } = await writeSbom("planted", reference, join(folder, "out"));
    expect(counts).toEqual({ deb: 1, npm: 2, golang: 1, program: 0 });
    const document = JSON.parse(readFileSync(file, "utf8"));
    const purls = document.components.map(({ purl }: { purl: string }) => purl).sort();
    expect(purls).toEqual([
      "pkg:deb/debian/libssl3t64@3.5.1-1?arch=amd64&distro=debian-13",
      expect.stringMatching(/^pkg:golang\/stdlib@v1\.\d+/),
      "pkg:npm/%40a/b@1.0.0",
      "pkg:npm/old@2.0.0",
    ]);
    expect(document.metadata.component.hashes[0].content).toBe(reference.split(":").at(-1));
  }, 60_000);

  test("gives the same text again", async () => {
    const write = async (out: string) =>
      readFileSync((await writeSbom("planted", reference, join(folder, out))).file, "utf8");
    expect(await write("again")).toBe(await write("once"));
  }, 60_000);

  test("negative control: one that is not there, and one that is named by a tag, are refused", async () => {
    const missing = reference.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    await expect(layOut(missing, join(folder, "x"), tells)).rejects.toThrow("answered 404");
    await expect(layOut(reference.replace(/@.*/, ":1"), join(folder, "x"), tells)).rejects.toThrow(
      "not named by its digest",
    );
  });
});

test("negative control: the schema refuses a component without a name, and a purl in the wrong field", async () => {
  const good = sbomOf("x", `r/x@sha256:${"0".repeat(64)}`, [{ kind: "npm", name: "a", version: "1" }]);
  expect(await invalid(good)).toBeUndefined();
  const document = JSON.parse(good);
  delete document.components[0].name;
  expect(await invalid(JSON.stringify(document))).toContain("must have required property 'name'");
  expect(await invalid(good.replace('"purl"', '"package"'))).toContain("package");
});

test("dpkg's status: installed packages alone, with their source", () => {
  expect(debianPackages(STATUS)).toEqual([
    { kind: "deb", name: "libssl3t64", version: "3.5.1-1", architecture: "amd64", source: "openssl" },
  ]);
});

test("a package.json inside a package is none", () => {
  expect(npmPackage("a/node_modules/x/package.json", '{"name":"x","version":"1.0.0"}')).toHaveLength(1);
  expect(npmPackage("a/node_modules/x/package.json", '{"name":"y","version":"1.0.0"}')).toEqual([]);
  expect(npmPackage("a/node_modules/x/package.json", '{"name":"x"}')).toEqual([]);
});

test("Go modules: the one that replaces another counts, one of ours has no version", () => {
  const parts = goModules("loki", {
    GoVersion: "go1.26.8",
    Deps: [
      { Path: "a/b", Version: "v1.0.0", Replace: { Path: "c/d", Version: "v2.0.0" } },
      { Path: "ours", Version: "(devel)" },
      { Path: "patched", Version: "v1.2.3", Replace: { Path: "./patched" } },
    ],
  });
  expect(parts.map(({ name, version }) => `${name} ${version}`)).toEqual([
    "stdlib v1.26.8",
    "c/d v2.0.0",
    "patched v1.2.3",
  ]);
});

test.each([
  [
    { kind: "golang", name: "github.com/a/b", version: "v1.0.0+incompatible" } as const,
    "pkg:golang/github.com/a/b@v1.0.0%2Bincompatible",
  ],
  [{ kind: "deb", name: "g++", version: "4:14" } as const, "pkg:deb/debian/g%2B%2B@4%3A14?distro=debian-13"],
  [{ kind: "program", name: "node", version: "24" } as const, undefined],
])("address of %j", (part, purl) => {
  expect(purlOf(part)).toBe(purl);
});
