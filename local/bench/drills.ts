import type { Evidence } from "@media/drills/evidence";
import { drill } from "./commands.ts";
import type { Interruptible } from "./interrupt.ts";
import type { ClusterMeasure } from "./measures.ts";

const ROUNDS = 10;
/** Faults of a primary that the dev stack has, with the seconds in which writes must go on. */
const BOUNDS = {
  switchover: 1,
  "rolling-restart": 1,
  failover: 1.5,
  "postmaster-killed": 3,
  "primary-frozen": 10,
  "primary-cut-off": 22,
};
type Kind = keyof typeof BOUNDS;

/** What a drill of a primary's failure finds. */
interface Findings {
  readonly rowsLost: number;
  readonly rounds: readonly { readonly gap: { readonly seconds: number } }[];
}

/** Figures of the drills on stack dev, by the names that ONLY takes: the gaps, and at last what all of them lost. */
export function drillMeasures(work: Interruptible): Readonly<Record<string, ClusterMeasure>> {
  const found: Findings[] = [];
  const gaps = Object.entries(BOUNDS).map(([kind, bound]): [string, ClusterMeasure] => [
    nameOf(kind as Kind),
    {
      name: `drill \`${kind}\`: seconds without a committed row, at ${ROUNDS} faults under 50 writes a second`,
      unit: "s",
      bound,
      runs: 1,
      costly: true,
      once: async () => {
        const findings = findingsOf(await drill(work, kind, `COUNT=${ROUNDS}`));
        found.push(findings);
        return findings.rounds.map(({ gap }) => gap.seconds);
      },
    },
  ]);
  return {
    ...Object.fromEntries(gaps),
    "drill-rows-lost": {
      name: "drills of a PostgreSQL primary's failures: acknowledged rows lost in each drill",
      unit: "rows",
      bound: 0,
      runs: 1,
      costly: true,
      once: async () => {
        if (found.length === 0)
          throw new Error(`measure it together with a drill: ONLY="${nameOf("failover")} drill-rows-lost"`);
        return found.map(({ rowsLost }) => rowsLost);
      },
    },
    "drill-postgres-upgrade": {
      name: "drill `postgres-upgrade`: how long dev's database would be away on its quickest open way to the next major version",
      unit: "s",
      bound: 30,
      runs: 3,
      costly: true,
      once: async () => {
        const { passed, summary, findings } = await drill(work, "postgres-upgrade");
        if (!passed) throw new Error(summary);
        const ways = Object.values(findings.ways as Record<string, { possible: boolean; seconds?: number }>);
        return Math.min(...ways.flatMap(({ possible, seconds }) => (possible && seconds ? seconds : [])));
      },
    },
  };
}

const nameOf = (kind: Kind) => `drill-${kind}`;

/** @throws Error where an error ended the drill: a figure of fewer faults is none */
function findingsOf({ findings, summary }: Evidence): Findings {
  if (!Array.isArray(findings.rounds)) throw new Error(summary);
  return findings as unknown as Findings;
}
