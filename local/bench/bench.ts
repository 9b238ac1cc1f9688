import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { useEnvironment } from "../stack/environment.ts";
import { emptied, NAME, timedMake } from "./commands.ts";
import { dashboards } from "./dashboards.ts";
import { recordValues } from "./figures.ts";
import { Interruptible } from "./interrupt.ts";
import type { Group, Measure } from "./measure.ts";
import { type ClusterMeasure, clusterMeasures } from "./measures.ts";
import { programs } from "./programs.ts";

/** What a new cluster does once, such as its first backup, is over after this time. */
const SETTLE_SECONDS = 30;
/** Figures of a cluster at rest. */
const AT_REST = ["up", "preview", "policies", "memory", "cpu"];

/** Groups of figures that need no cluster. They are measured only when they are named. */
const groups: Readonly<Record<string, Group>> = { ...programs, dashboards };

/**
 * Measures figures on a cluster of the bench's own, in the order of the table, and writes docs/figures.md. SIGINT or
 * SIGTERM to this process ends it with its children and its cluster.
 *
 * @param only names of figures. @default all that are not costly
 * @throws Interrupted after a signal, when everything is gone
 */
export async function bench(only: readonly string[]): Promise<void> {
  const work = new Interruptible();
  const layout = () => layoutOf(NAME);
  const measures = clusterMeasures(layout, work);
  const unknown = only.filter((key) => !measures[key] && !groups[key]);
  if (unknown.length > 0)
    throw new UserError(
      `no such figure: ${unknown.join(", ")}`,
      `take of ${[...Object.keys(measures), ...Object.keys(groups)].join(", ")}: make bench ONLY="up preview"`,
    );
  const chosen = Object.entries(measures).filter(([key, measure]) =>
    only.length > 0 ? only.includes(key) : !measure.costly,
  );
  await work.run(async () => {
    if (chosen.length > 0) {
      useEnvironment(layout(), "dev");
      await onCluster(work, chosen);
    }
    for (const key of only) await groups[key]?.((measure) => measureAndRecord(work, measure), work);
  });
}

/** Figures that need no cluster of the bench, or a new one, come first. */
async function onCluster(work: Interruptible, chosen: readonly (readonly [string, ClusterMeasure])[]): Promise<void> {
  const together = chosen.filter(([, { alone }]) => !alone);
  try {
    for (const [, measure] of chosen) if (measure.alone) await measureAndRecord(work, measure);
    if (together.length > 0) await timedMake(work, "up");
    for (const [key, measure] of together) {
      if (AT_REST.includes(key)) await work.sleep(SETTLE_SECONDS);
      await measureAndRecord(work, measure);
    }
  } finally {
    await emptied(layoutOf(NAME));
  }
}

async function measureAndRecord(work: Interruptible, measure: Measure): Promise<void> {
  const { name, unit, runs, once } = measure;
  const values: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const measured = [await once()].flat();
    work.throwIfInterrupted();
    values.push(...measured);
    say(`${name}: ${measured.map((value) => value.toFixed(2)).join(" ")} ${unit} (${run}/${runs})`);
  }
  await recordValues(measure, values);
}
