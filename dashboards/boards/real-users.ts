import { LAYOUT_SHIFT, NAVIGATION_PHASE_SECONDS, WEB_VITAL_SECONDS } from "@media/service/metric-names";
import { board } from "../library/board.ts";
import { vitalByPage, vitalReports } from "../library/queries.ts";
import { lines, number, rows } from "../library/short.ts";
import { VITAL_REPORTS, VITALS } from "../thresholds.ts";

/** What browsers measured: the 75th percentile, as Core Web Vitals are judged. */
export const realUsers = () =>
  board({
    uid: "real-users",
    title: "Real users",
    description: "How fast pages are where people sit, as their browsers report it: 75 of 100 have it no slower.",
    tags: ["business"],
    from: "now-6h",
    variables: [
      { name: "page", label: "Page", from: { metric: `${WEB_VITAL_SECONDS}_count`, label: "page" }, all: true },
    ],
    rows: [
      { title: "Vitals", panels: vitals() },
      { title: "By page", panels: byPage() },
    ],
  });

const PAGE = 'page=~"$page"';
const vital = (name: string, window: string) =>
  `histogram_quantile(0.75, sum by (le) (rate(${WEB_VITAL_SECONDS}_bucket{${PAGE},vital="${name}"}[${window}])))`;
const shift = (window: string) =>
  `histogram_quantile(0.75, sum by (le) (rate(${LAYOUT_SHIFT}_bucket{${PAGE}}[${window}])))`;

const vitals = () => [
  number("Largest Contentful Paint", "s", "Until the main content is there.", [vital("lcp", "1h")], {
    limit: VITALS.lcp,
    trend: true,
  }),
  number("Interaction to Next Paint", "s", "Until the page shows that it heard a click.", [vital("inp", "1h")], {
    limit: VITALS.inp,
    trend: true,
  }),
  number("Layout Shift", "none", "How far the content jumped while the page was there.", [shift("1h")], {
    limit: VITALS.cls,
    decimals: 3,
    trend: true,
  }),
  number("Time to First Byte", "s", "Until the first byte of the page came.", [vital("ttfb", "1h")], {
    limit: VITALS.ttfb,
    trend: true,
  }),
  lines(
    "Vitals over Time",
    "s",
    "75th percentile over an hour.",
    [
      [vital("lcp", "1h"), "largest paint"],
      [vital("fcp", "1h"), "first paint"],
      [vital("inp", "1h"), "interaction"],
      [vital("ttfb", "1h"), "first byte"],
    ],
    { span: 12 },
  ),
  lines(
    "Phases of Loading",
    "s",
    "75th percentile over an hour.",
    [
      [
        `histogram_quantile(0.75, sum by (le, phase) (rate(${NAVIGATION_PHASE_SECONDS}_bucket{${PAGE}}[1h])))`,
        "{{phase}}",
      ],
    ],
    { span: 12 },
  ),
];

const byPage = () => [
  rows(
    "Largest Paint by Page",
    "s",
    "75th percentile over the chosen time.",
    vitalByPage("lcp", "$__range", `${PAGE},`),
    { page: "page", Value: "largest paint" },
    { span: 8, limit: VITALS.lcp },
  ),
  rows(
    "Interaction by Page",
    "s",
    "75th percentile over the chosen time.",
    vitalByPage("inp", "$__range", `${PAGE},`),
    { page: "page", Value: "interaction" },
    { span: 8, limit: VITALS.inp },
  ),
  rows(
    "Reports",
    "short",
    `Reports of browsers in the chosen time; with fewer than ${VITAL_REPORTS} an hour no alert is raised.`,
    vitalReports("lcp", "$__range", `${PAGE},`),
    { page: "page", Value: "reports" },
    { span: 8 },
  ),
];
