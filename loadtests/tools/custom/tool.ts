import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Measurements } from "../../results/result.ts";
import { runChild } from "../child.ts";
import type { Progress, Tool } from "../tool.ts";

/** The runner of this repository: an open model on plain sockets. */
export const custom: Tool = {
  name: "custom",
  model: "open",
  latency: "from the moment the request was due to the last byte of the answer; connecting and waiting count",
  goesElsewhere: true,
  version: async () => `node ${process.versions.node}`,
  async run({ plan, target, dir, progress, stop, elsewhere }) {
    const [planFile, resultFile] = ["plan.json", "measurements.json"];
    writeFileSync(join(dir, planFile), JSON.stringify(plan));
    const own = join(import.meta.dirname, "main.ts");
    const local = [process.execPath, own, join(dir, planFile), join(dir, resultFile)] as const;
    if (elsewhere) {
      copyCode(dir);
      await elsewhere.send(dir);
    }
    await runChild({
      command: elsewhere
        ? elsewhere.command(["node", ...["tools/custom/main.ts", planFile, resultFile].map(elsewhere.path)])
        : [...local],
      input: JSON.stringify(target),
      stop,
      onLine: (line) => progress(JSON.parse(line) as Progress),
      ...(elsewhere && { onInterrupt: elsewhere.interrupt }),
    });
    const measured = await (elsewhere?.take(resultFile) ?? readFileSync(join(dir, resultFile)));
    return JSON.parse(measured.toString()) as Measurements;
  },
};

const PACKAGE = join(import.meta.dirname, "../..");
const CODE = [
  "package.json",
  "results/collector.ts",
  "results/histogram.ts",
  "tools/tool.ts",
  ...["main", "runner", "connection", "pool"].map((name) => `tools/custom/${name}.ts`),
];
/** What the histograms need. */
const PACKAGES = ["hdr-histogram-js", "@assemblyscript/loader", "base64-js", "pako"];

/** What the runner loads, so that a place without this repository can run it. */
function copyCode(dir: string): void {
  for (const file of CODE) cpSync(join(PACKAGE, file), join(dir, file));
  const ours = createRequire(import.meta.url);
  const theirs = createRequire(ours.resolve("hdr-histogram-js"));
  for (const name of PACKAGES) {
    // Searched by hand: packages need not let their package.json be imported.
    const [folder] = (theirs.resolve.paths(name) ?? []).map((path) => join(path, name)).filter(isPackage);
    if (!folder) throw new Error(`the npm package ${name} is not installed`);
    cpSync(folder, join(dir, "node_modules", name), { recursive: true, dereference: true });
  }
}

const isPackage = (folder: string) => existsSync(join(folder, "package.json"));
