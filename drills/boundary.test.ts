import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "@jest/globals";

const FOLDER = import.meta.dirname;
/** Its own examples are not imports. */
const OWN_NAME = "boundary.test.ts";
const IMPORT = /\b(?:from|import|import\()\s*["']([^"']+)["']/g;

/** The imports of a source that leave this package for another folder of the repository, or for the package local. */
function leaving(file: string, source: string): string[] {
  const imports = [...source.matchAll(IMPORT)].map(([, name]) => name as string);
  return imports.filter((name) => {
    if (!name.startsWith(".")) return name === "@media/local" || name.startsWith("@media/local/");
    return relative(FOLDER, join(FOLDER, file, "..", name)).startsWith("..");
  });
}

test("drills run on any cluster: no file imports the embedded cluster, nor any folder outside drills/ by path", () => {
  const files = globSync("**/*.ts", { cwd: FOLDER, exclude: ["node_modules/**", OWN_NAME] });
  expect(files.length).toBeGreaterThan(20);
  const found = files.flatMap((file) => leaving(file, readFileSync(join(FOLDER, file), "utf8")));
  expect(found).toEqual([]);
});

test.each([
  ['import { kubectl } from "@media/local/cluster";', "@media/local/cluster"],
  ['import { kubectl } from "../../local/cluster/cluster.ts";', "../../local/cluster/cluster.ts"],
  ['await import("../../service/src/main.ts")', "../../service/src/main.ts"],
  ['import "../../local/main.ts";', "../../local/main.ts"],
])("negative control: %s is found", (source, name) => {
  expect(leaving("lib/x.ts", source)).toEqual([name]);
});

test("control: imports inside drills/ and of packages by name are allowed", () => {
  const source = 'import { a } from "../lib/run.ts"; import { STREAM } from "@media/service/event-stream";';
  expect(leaving("faults/x.ts", source)).toEqual([]);
});
