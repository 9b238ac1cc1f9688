import { join } from "node:path";
import { inWords, readEvidence, reportOf } from "@media/drills/report";
import { assertPassed, DRILLS, drillFor, runDrill } from "@media/drills/run-drill";
import { layoutOf } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import { owner } from "../stack/owner.ts";
import { program } from "../stack/program.ts";
import type { Options } from "./options.ts";
import { rotate } from "./rotate.ts";
import { imageOnDemand } from "./up.ts";

/** Runs a drill of drills/ on the embedded cluster, whose owner this machine is. */
export async function drill({
  stack: name,
  name: cluster,
  kind = "",
  confirm,
  count,
  target,
  what,
  json,
}: Options): Promise<void> {
  const evidenceFolder = join(REPO, "evidence");
  if (kind === "report") {
    const report = reportOf(await readEvidence(evidenceFolder));
    return console.log(json ? JSON.stringify(report, null, 2) : inWords(report));
  }
  const layout = layoutOf(cluster);
  const image = Object.hasOwn(DRILLS, kind) ? DRILLS[kind]?.image : undefined;
  const options = {
    ...(confirm !== undefined && { confirm }),
    ...(count !== undefined && { count }),
    ...(target !== undefined && { target }),
    ...(what !== undefined && { what }),
    ...(image !== undefined && { image: await imageOnDemand(layout, image) }),
  };
  drillFor(kind, name, options);
  useEnvironment(layout, name);
  const stack = { layout, name };
  const context = {
    stack: access(stack),
    program: program(stack),
    owner: owner(layout),
    rotate: (what: string) => rotate({ stack: name, name: cluster, what, purge: false, json: false }),
    report: say,
    evidenceFolder,
  };
  assertPassed(await runDrill(kind, context, options));
}
