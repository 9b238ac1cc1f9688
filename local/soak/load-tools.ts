import { join } from "node:path";
import { LOGS, REPO } from "../lib/paths.ts";
import { phase, say } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { buildTools } from "../toolchain/build.ts";
import { TOOLS } from "../toolchain/catalogue.ts";

/** Installs every load tool, and shows that each sends what the plan says. Needs no cluster. */
export async function loadTools(): Promise<void> {
  const names = TOOLS.filter(({ name, for: use }) => use === "load" || name === "k6").map(({ name }) => name);
  await phase("load tools", () => buildTools(names, say));
  await run(
    {
      subject: "load tools",
      doing: "sending the same requests",
      command: ["jest", "-w", "1", "loadtests/test/tools.test.ts", "--testTimeout", "180000"],
      cwd: REPO,
      env: { LOAD_TOOLS: "all", NODE_OPTIONS: "--experimental-vm-modules --disable-warning=ExperimentalWarning" },
      log: join(LOGS, "load-tools.log"),
      remedy: "read the log: it names the tool, and the requests that differ",
    },
    say,
  );
  say(`load tools: each sent what the plan says (${names.join(", ")}, custom)`);
}
