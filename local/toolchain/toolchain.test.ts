import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { REPO } from "../lib/paths.ts";
import { KUBERNETES, PULUMI_KUBERNETES, TOOLS, type Tool } from "./catalogue.ts";
import { type Patch, prepare } from "./prepare.ts";
import { fetchPublished } from "./published.ts";

let folder: string;
let path: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "media-toolchain-"));
  path = process.env.PATH;
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** A program of this name that the code under test calls. */
function program(name: string, script: string): string {
  const file = join(folder, "bin", name);
  write(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  process.env.PATH = `${dirname(file)}:${path}`;
  return file;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

test("the plugin is of the SDK's version, wherever it is named", () => {
  const { dependencies } = JSON.parse(readFileSync(join(REPO, "infra/package.json"), "utf8"));
  const tool = TOOLS.find(({ name }) => name === "pulumi-resource-kubernetes");
  expect(dependencies["@pulumi/kubernetes"]).toBe(PULUMI_KUBERNETES);
  expect([tool?.set, tool?.published?.version]).toEqual([[`main.version=${PULUMI_KUBERNETES}`], PULUMI_KUBERNETES]);
});

test("the embedded Kubernetes is of the version that its go.mod requires", () => {
  const mod = readFileSync(join(REPO, "local/toolchain/kubernetes/go.mod"), "utf8");
  expect(mod).toContain(`k8s.io/kubernetes v${KUBERNETES}\n`);
});

test("go.mod replaces the module that the catalogue pins, and requires its version", () => {
  for (const { module, patch } of TOOLS) {
    if (!patch) continue;
    const mod = readFileSync(join(REPO, "local", module, "go.mod"), "utf8");
    expect(mod).toContain(`replace ${patch.path} => ./patched`);
    expect(mod).toContain(`require ${patch.path} ${patch.version}`);
  }
});

const tool = { name: "plugin" } as Tool;
const patch: Patch = {
  path: "example.com/plugin",
  version: "v1.0.0",
  sum: "h1:right",
  embed: { "schema.json": "cmd/schema.json" },
  versionOf: ["schema.json", "4.0.0"],
};

function module(): string {
  write(join(folder, "module/pkg/construct.go"), "theirs");
  write(join(folder, "module/pkg/serve.go"), "theirs");
  write(join(folder, "module/cmd/schema.json"), '{"name":"plugin"}');
  write(join(folder, "ours/main.go"), "main");
  write(join(folder, "ours/_patch/pkg/construct.go"), "ours");
  return join(folder, "module");
}

test("what is built is a copy of the module with our file over it, and the schema with its version", async () => {
  program("go", `echo '{"Dir":"${module()}","Sum":"h1:right"}'`);
  const target = join(folder, "target");
  await prepare(tool, patch, join(folder, "ours"), target, {});
  const read = (file: string) => readFileSync(join(target, file), "utf8");
  expect([read("main.go"), read("patched/pkg/construct.go"), read("patched/pkg/serve.go")]).toEqual([
    "main",
    "ours",
    "theirs",
  ]);
  expect(JSON.parse(read("schema.json"))).toEqual({ name: "plugin", version: "4.0.0" });
  expect(readFileSync(join(folder, "module/pkg/construct.go"), "utf8")).toBe("theirs");
});

test.each([
  ["another checksum", `echo '{"Dir":"/x","Sum":"h1:wrong"}'`, "has the checksum h1:wrong, pinned is h1:right"],
  ["no network", `echo '{"Error":"no such host"}'; exit 1`, "downloading example.com/plugin failed: no such host"],
])("a module with %s is not built", async (_, script, expected) => {
  program("go", script);
  await expect(prepare(tool, patch, join(folder, "ours"), join(folder, "target"), {})).rejects.toThrow(expected);
});

test("a plugin that its publisher offers is taken, and nothing else of the download stays", async () => {
  const plugin = "$PULUMI_HOME/plugins/resource-x-v1.0.0";
  const pulumi = program("pulumi", `mkdir -p ${plugin} && echo "$*" > ${plugin}/pulumi-resource-x`);
  const target = join(folder, "tools/x");
  expect(await fetchPublished({ plugin: "x", version: "1.0.0" }, pulumi, target)).toBe(true);
  expect(readFileSync(target, "utf8")).toBe("plugin install resource x 1.0.0 --non-interactive\n");
  expect(existsSync(`${target}.home`)).toBe(false);
});

test("negative control: one that cannot be reached is left to be built", async () => {
  const target = join(folder, "x");
  const pulumi = program("pulumi", "exit 255");
  expect(await fetchPublished({ plugin: "x", version: "1.0.0" }, pulumi, target)).toBe(false);
  expect(existsSync(target)).toBe(false);
});
