import * as names from "@media/service/metric-names";
import { board } from "../library/board.ts";
import * as q from "../library/queries.ts";
import { lines, number, rows } from "../library/short.ts";

const ofDay = (metric: string, by: string) => `max by (${by}) (${metric}{period="$period"})`;

/** Revenue, conversions, engagement and use of features. */
export const business = () =>
  board({
    uid: "business",
    title: "Business",
    description: "Revenue, conversions, engagement and features. One worker computes the figures once a minute.",
    tags: ["business"],
    from: "now-6h",
    variables: [{ name: "period", label: "Since", from: ["day", "week"] }],
    rows: [
      { title: "Revenue and conversions", panels: revenue() },
      { title: "Requests and downloads", panels: requests() },
      { title: "Engagement and features", panels: engagement() },
    ],
  });

const revenue = () => [
  number(
    "Revenue",
    "short",
    "Payments less refunds, in units of the currency.",
    [[`${ofDay(names.BUSINESS_REVENUE_MINOR, "currency")} / 100`, "{{currency}}"]],
    { decimals: 2 },
  ),
  number(
    "Subscriptions",
    "short",
    "Accounts that have a plan now.",
    [[`max by (plan) (${names.BUSINESS_SUBSCRIPTIONS})`, "{{plan}}"]],
    { decimals: 0 },
  ),
  number(
    "Funnel",
    "short",
    "From a visitor to an account, its first request and its first payment.",
    [[ofDay(names.BUSINESS_FUNNEL, "stage"), "{{stage}}"]],
    { decimals: 0, height: 6 },
  ),
  number("Age of the Figures", "s", "Since they were computed. More than a few minutes: no worker computes them.", [
    `time() - max(${names.BUSINESS_COMPUTED_TIMESTAMP_SECONDS})`,
  ]),
  lines("Revenue over Time", "short", "Since the day or week began, in units of the currency.", [
    [`${ofDay(names.BUSINESS_REVENUE_MINOR, "currency")} / 100`, "{{currency}}"],
  ]),
  lines("Events of Payments", "short", "In an hour, by what became of them.", [
    [`sum by (type, outcome) (increase(${names.PAYMENT_EVENTS_TOTAL}[1h])) or vector(0)`, "{{type}} {{outcome}}"],
  ]),
];

const requests = () => [
  number(
    "Requests",
    "short",
    "Made since the day or week began, by kind of media.",
    [[ofDay(names.BUSINESS_REQUESTS, "media_type"), "{{media_type}}"]],
    { decimals: 0 },
  ),
  number(
    "Downloads",
    "short",
    "Requests that were delivered, by kind of media.",
    [[ofDay(names.BUSINESS_DOWNLOADS, "media_type"), "{{media_type}}"]],
    { decimals: 0 },
  ),
  lines("Requests per Hour", "short", "Stored, and delivered, in the hour before each point.", [
    [q.requestsCreated("1h"), "created"],
    [q.requestsDelivered("1h"), "delivered"],
  ]),
  lines("Downloads Ended", "short", "In the hour before each point, by outcome.", [
    [`sum by (outcome) (increase(${names.DOWNLOADS_ENDED_TOTAL}[1h])) or vector(0)`, "{{outcome}}"],
  ]),
  lines("Queue", "short", "Jobs that are due and at work.", [[q.queueJobs(), "{{state}}"]]),
];

const engagement = () => [
  number(
    "Active",
    "short",
    "Accounts and visitors since the day or week began.",
    [[ofDay(names.BUSINESS_ACTIVE, "kind"), "{{kind}}s"]],
    { decimals: 0 },
  ),
  number("Connected Now", "short", "Open live connections.", [q.socketClients()], { decimals: 0, trend: true }),
  lines(
    "Log-ins",
    "short",
    "In the hour before each point.",
    [[`sum by (outcome) (increase(${names.LOGINS_TOTAL}[1h])) or vector(0)`, "{{outcome}}"]],
    { span: 12 },
  ),
  rows(
    "Use of Features",
    "short",
    "Calls that did what they were asked, in the chosen time.",
    `sum by (operation, kind) (increase(${names.FEATURE_USES_TOTAL}[$__range]))`,
    { operation: "feature", kind: "kind", Value: "uses" },
  ),
  lines(
    "Features over Time",
    "short",
    "Uses in the hour before each point.",
    [[`sum by (operation) (increase(${names.FEATURE_USES_TOTAL}[1h]))`, "{{operation}}"]],
    { span: 12, height: 8 },
  ),
];
