import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Measurements } from "../../results/result.ts";
import { runChild } from "../child.ts";
import type { Progress, Tool } from "../tool.ts";

/** The runner of this repository: an open model on plain sockets. */
export const custom: Tool = {
  name: "custom",
  model: "open",
  latency: "from the moment the request was due to the last byte of the answer; connecting and waiting count",
  version: async () => `node ${process.versions.node}`,
  async run({ plan, target, dir, progress, stop }) {
    const [planFile, resultFile] = [join(dir, "plan.json"), join(dir, "measurements.json")];
    writeFileSync(planFile, JSON.stringify(plan));
    await runChild({
      command: [process.execPath, join(import.meta.dirname, "main.ts"), planFile, resultFile],
      input: JSON.stringify(target),
      stop,
      onLine: (line) => progress(JSON.parse(line) as Progress),
    });
    return JSON.parse(readFileSync(resultFile, "utf8")) as Measurements;
  },
};
