import { join } from "node:path";
import { LOGS, REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { run } from "../lib/run.ts";

/** A part of the long tests, on a cluster of their own. */
export async function longTest(subject: string, name: string): Promise<void> {
  await run(
    {
      subject,
      doing: "testing on a cluster",
      command: [
        "jest",
        "--runInBand",
        "--verbose",
        "--testPathIgnorePatterns",
        "/node_modules/",
        "-t",
        name,
        "--",
        "local/e2e/long.test.ts",
      ],
      cwd: REPO,
      env: { NODE_OPTIONS: "--experimental-vm-modules --disable-warning=ExperimentalWarning" },
      log: join(LOGS, `${subject}.log`),
      remedy: "read the log: it names the step that failed",
    },
    say,
  );
}
