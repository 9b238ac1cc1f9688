import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../lib/errors.ts";
import { CACHE, LOGS, REPO } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { TOOLS, type Tool } from "./catalogue.ts";
import { install } from "./packaged.ts";
import { prepare } from "./prepare.ts";
import { fetchPublished } from "./published.ts";

/** Folder that holds the tools, under every name they are called by; `make env` puts it on PATH. */
export const BIN = join(CACHE, "bin");

/** Two at once: one compiles while the other downloads. */
const PARALLEL = 2;
/** The release that compiles the tools: its library goes into them, and with it the library's known faults. */
const GO = "1.26.10";
const WANTED_GO = "1.26";
/** The pinned Go, and where it keeps what it downloads and compiles for the tools. */
export const GO_ENV = {
  GOTOOLCHAIN: `go${GO}`,
  GOFLAGS: "-modcacherw",
  GOMODCACHE: join(CACHE, "go/mod"),
  GOCACHE: join(CACHE, "go/build"),
};

/** A tool is kept under the hash of its sources, checksums and flags: what is unchanged is never built again. */
export async function keyOf(tool: Tool): Promise<string> {
  const folder = join(REPO, "local", tool.module);
  const files = globSync(tool.packaged ? "*" : "**/*.{go,mod,sum}", { cwd: folder }).sort();
  const inputs = tool.packaged
    ? [tool.packaged, arch()]
    : [tool.package, tool.set, tool.isStatic, GO, arch(), ...(tool.patch ? [tool.patch] : [])];
  const hash = createHash("sha256").update(JSON.stringify(inputs));
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}

/** Where the tool is or will be. */
export async function pathOf(tool: Tool): Promise<string> {
  return join(CACHE, "tools", `${tool.name}-${await keyOf(tool)}`, tool.name);
}

/** Builds what is missing of the tools, in the catalogue's order, and returns each one's path. */
export async function buildTools(
  names: readonly string[],
  report: (line: string) => void,
): Promise<Record<string, string>> {
  const wanted = TOOLS.filter((tool) => names.includes(tool.name));
  const paths: Record<string, string> = {};
  const missing: Tool[] = [];
  for (const tool of wanted) {
    const path = (await onPath(tool)) ?? (await pathOf(tool));
    paths[tool.name] = path;
    if (!existsSync(path)) missing.push(tool);
  }
  if (missing.some((tool) => !tool.packaged)) await checkGo();
  const queue = [...missing];
  const begun = new Map<string, Promise<string>>();
  let done = 0;
  const worker = async () => {
    for (let tool = queue.shift(); tool; tool = queue.shift()) {
      const from = Date.now();
      const work = make(tool, begun.get("pulumi"), paths.pulumi, report);
      begun.set(tool.name, work);
      const how = await work;
      report(`tools ${++done}/${missing.length}: ${tool.name} ${how} in ${Math.round((Date.now() - from) / 1000)} s`);
    }
  };
  const results = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  await mkdir(BIN, { recursive: true });
  for (const tool of wanted)
    for (const name of [tool.name, ...(tool.links ?? [])]) await link(paths[tool.name] as string, name);
  return paths;
}

/** Downloads a tool that is published, where that can be reached, and builds any other; answers which it was. */
async function make(
  tool: Tool,
  pulumiIsBuilt: Promise<string> | undefined,
  pulumi: string | undefined,
  report: (line: string) => void,
): Promise<string> {
  if (tool.packaged) {
    await install(tool, tool.packaged, await pathOf(tool), report);
    return "installed";
  }
  if (tool.published && pulumi) {
    await pulumiIsBuilt;
    const target = await pathOf(tool);
    await mkdir(join(target, ".."), { recursive: true });
    if (await fetchPublished(tool.published, pulumi, target)) return "downloaded";
  }
  await build(tool, report);
  return "built";
}

async function build(tool: Tool, report: (line: string) => void): Promise<void> {
  const target = await pathOf(tool);
  const unfinished = `${target}.building`;
  const sources = join(REPO, "local", tool.module);
  const prepared = `${target}.sources`;
  await mkdir(join(target, ".."), { recursive: true });
  if (tool.patch) await prepare(tool, tool.patch, sources, prepared, GO_ENV);
  const flags = ["-s", "-w", ...(tool.set ?? []).flatMap((value) => ["-X", value])];
  await run(
    {
      subject: `tool ${tool.name}`,
      doing: "building",
      command: [
        "go",
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags",
        flags.join(" "),
        "-o",
        unfinished,
        tool.package,
      ],
      cwd: tool.patch ? prepared : sources,
      env: { ...GO_ENV, ...(tool.isStatic ? { CGO_ENABLED: "0" } : {}) },
      log: join(LOGS, "tools", `${tool.name}.log`),
      remedy:
        "read the log; with the network or disk at fault, run the same command again: it goes on where it stopped",
      reportSeconds: 30,
    },
    report,
  );
  if (tool.patch) await rm(prepared, { recursive: true });
  await rename(unfinished, target); // only a finished build gets the name that is looked for
}

async function link(path: string, name: string): Promise<void> {
  const temporary = join(BIN, `.${name}.${process.pid}`);
  await rm(temporary, { force: true });
  await symlink(path, temporary);
  await rename(temporary, join(BIN, name));
}

async function onPath(tool: Tool): Promise<string | undefined> {
  if (!tool.found) return undefined;
  for (const folder of (process.env.PATH ?? "").split(":")) {
    const path = join(folder, tool.name);
    if (folder === BIN || !existsSync(path)) continue;
    const { stdout } = await promisify(execFile)(path, [...tool.found.args]).catch(() => ({ stdout: "" }));
    if (tool.found.output.test(stdout)) return path;
  }
  return undefined;
}

async function checkGo(): Promise<void> {
  const { stdout } = await promisify(execFile)("go", ["env", "GOVERSION"]).catch(() => ({ stdout: "none" }));
  const [, minor] = /^go1\.(\d+)/.exec(stdout.trim()) ?? [];
  if (Number(minor ?? 0) < Number(WANTED_GO.split(".")[1])) {
    throw new UserError(
      `Go ${WANTED_GO} or later is needed to build the tools; found ${stdout.trim()}`,
      "install it from go.dev/dl and put its bin folder on PATH",
    );
  }
}
