import { vitalByPage, vitalReports } from "../library/queries.ts";
import { VITAL_REPORTS, VITALS } from "../thresholds.ts";
import { above, type Rule } from "./rule.ts";

/** Judged page by page: one slow page among fast ones would not show in the whole. A few reports say nothing. */
const slow = (vital: "lcp" | "inp") =>
  `${above(vitalByPage(vital, "1h"), VITALS[vital].warning)} and ${above(vitalReports(vital, "1h"), VITAL_REPORTS)}`;

/** What browsers of real users measured. */
export const realUserRules: readonly Rule[] = [
  {
    name: "LargestPaintSlow",
    category: "application",
    severity: "warning",
    expr: slow("lcp"),
    every: "1m",
    for: "10m",
    summary:
      "25 of 100 loads of {{ $labels.page }} showed their main content after {{ $value | humanizeDuration }} or later",
    description: "Users wait for the page: it is slower than what counts as good (Largest Contentful Paint).",
    dashboard: { uid: "real-users", panel: "Largest Contentful Paint" },
  },
  {
    name: "InteractionSlow",
    category: "application",
    severity: "warning",
    expr: slow("inp"),
    every: "1m",
    for: "10m",
    summary: "On 25 of 100 loads of {{ $labels.page }} a click showed after {{ $value | humanizeDuration }} or later",
    description: "The page seems stuck while it is used: slower than what counts as good (Interaction to Next Paint).",
    dashboard: { uid: "real-users", panel: "Interaction to Next Paint" },
  },
];
