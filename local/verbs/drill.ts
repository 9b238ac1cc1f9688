import { join } from "node:path";
import { assertPassed, drillFor, runDrill } from "@media/drills/run-drill";
import { layoutOf } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { access, program } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import { owner } from "../stack/owner.ts";
import type { Options } from "./options.ts";

/** Runs a drill of drills/ on the embedded cluster, whose owner this machine is. */
export async function drill({ stack: name, name: cluster, kind = "", confirm, count }: Options): Promise<void> {
  const options = { ...(confirm !== undefined && { confirm }), ...(count !== undefined && { count }) };
  drillFor(kind, name, options);
  const layout = layoutOf(cluster);
  useEnvironment(layout, name);
  const stack = { layout, name };
  const context = {
    stack: access(stack),
    program: program(stack),
    owner: owner(layout),
    report: say,
    evidenceFolder: join(REPO, "evidence"),
  };
  assertPassed(await runDrill(kind, context, options));
}
