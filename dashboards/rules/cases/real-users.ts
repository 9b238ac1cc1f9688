import { VITAL_REPORTS, VITALS } from "../../thresholds.ts";
import { type Case, type Course, counter } from "./case.ts";

const HOUR = 3600;
/** The buckets around the limit, as the service has them: below it, at it, above it. */
const BUCKETS = { lcp: [1.8, VITALS.lcp.warning, 4], inp: [0.1, VITALS.inp.warning, 0.5] } as const;

/** Reports of a page in an hour, and the share of them that is within the limit. */
function reports(page: string, vital: keyof typeof BUCKETS, inTime: number, perHour: number): Record<string, Course> {
  const [below, limit, over] = BUCKETS[vital];
  const rate = perHour / HOUR;
  const series = (name: string, le: string, perSecond: number): [string, Course] => [
    `media_web_vital_seconds_${name}{page="${page}",vital="${vital}"${le}}`,
    counter(perSecond),
  ];
  return Object.fromEntries([
    series("bucket", `,le="${below}"`, 0),
    series("bucket", `,le="${limit}"`, rate * inTime),
    series("bucket", `,le="${over}"`, rate),
    series("bucket", ',le="+Inf"', rate),
    series("count", "", rate),
  ]);
}

const casesOf = (rule: string, vital: keyof typeof BUCKETS, other: keyof typeof BUCKETS): Case[] => [
  {
    // Two pages are slow, a third is not; another vital does not count.
    rule,
    every: 60,
    lasts: 4 * HOUR,
    series: (inTime) => ({
      ...reports("/", vital, inTime, 480),
      ...reports("/requests", vital, inTime, 480),
      ...reports("/login", vital, 1, 4800),
      ...reports("/plans", other, 0, 480),
    }),
    alerts: 2,
    silent: 0.751,
    fires: 0.749,
    // A quarter of the hour's reports are slow after a quarter of an hour; then it waits.
    step: { from: 1, to: 0, after: HOUR / 4 + 600 },
  },
  {
    rule,
    every: 60,
    lasts: 4 * HOUR,
    series: (perHour) => ({ ...reports("/", vital, 0, perHour), ...reports("/plans", other, 0, 480) }),
    silent: VITAL_REPORTS,
    fires: VITAL_REPORTS + 0.1,
  },
];

/** What browsers reported. */
export const REAL_USERS: readonly Case[] = [
  ...casesOf("LargestPaintSlow", "lcp", "inp"),
  ...casesOf("InteractionSlow", "inp", "lcp"),
];
