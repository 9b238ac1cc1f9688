import {
  ADMISSION_SHED_TOTAL,
  ERRORS_TOTAL,
  LOGINS_TOTAL,
  RATE_LIMIT_DECISIONS_TOTAL,
  SUSPICIOUS_CLIENTS_TOTAL,
} from "@media/service/metric-names";
import { board } from "../library/board.ts";
import { logs } from "../library/panels.ts";
import * as q from "../library/queries.ts";
import { lines, number } from "../library/short.ts";
import * as limit from "../thresholds.ts";

/** "Detection" of the threat model: the signs of an attack that the service and its stores count. */
export const security = () =>
  board({
    uid: "security",
    title: "Security",
    description:
      "Signs of an attack: guessed passwords and tokens, probing of rights, one client with many errors or reads.",
    tags: ["service"],
    from: "now-6h",
    rows: [
      { title: "Signs", panels: signs() },
      { title: "Refusals", panels: refusals() },
    ],
  });

const signs = () => [
  lines(
    "Refused Log-ins",
    "short",
    "In five minutes, against those that were right.",
    [
      [q.refusedLogins("5m"), "refused"],
      [`sum(increase(${LOGINS_TOTAL}{outcome="accepted"}[5m])) or vector(0)`, "accepted"],
    ],
    { limit: { warning: limit.REFUSED_LOGINS, critical: 1_000_000 } },
  ),
  lines(
    "Invalid Tokens",
    "short",
    "In five minutes: forged, of an ended session, or a wrong signature.",
    [[q.problemsOf(q.TOKEN_CODES, "5m"), "{{code}}"]],
    {
      limit: { warning: limit.INVALID_TOKENS, critical: 1_000_000 },
    },
  ),
  lines(
    "Forbidden",
    "short",
    "In five minutes: calls that the caller's role does not allow.",
    [[q.problemsOf("forbidden", "5m"), "{{code}}"]],
    {
      limit: { warning: limit.FORBIDDEN_CALLS, critical: 1_000_000 },
    },
  ),
  lines("Suspicious Clients", "short", "In ten minutes, by pattern. The log names each.", [
    [`sum by (pattern) (increase(${SUSPICIOUS_CLIENTS_TOTAL}[10m])) or vector(0)`, "{{pattern}}"],
  ]),
  lines("Denied by Redis", "short", "In five minutes: log-ins and commands that an access list refused.", [
    [q.redisDenied("5m"), "denied"],
  ]),
  number(
    "Alerts",
    "short",
    "Security alerts that fire now.",
    ['count(ALERTS{alertstate="firing",category="security"}) or vector(0)'],
    {
      decimals: 0,
      span: 8,
      height: 6,
      limit: { warning: 1, critical: 3 },
    },
  ),
];

const refusals = () => [
  lines(
    "Rate Limit and Overload",
    "ops",
    "Calls refused by the rate limit, and shed for overload.",
    [
      [`sum(rate(${RATE_LIMIT_DECISIONS_TOTAL}{decision="limited"}[$__rate_interval])) or vector(0)`, "limited"],
      [`sum(rate(${ADMISSION_SHED_TOTAL}[$__rate_interval])) or vector(0)`, "shed"],
    ],
    { span: 12 },
  ),
  lines(
    "Mistakes of Callers",
    "ops",
    "Problems whose source is the client, by class.",
    [[`sum by (class) (rate(${ERRORS_TOTAL}{source="client"}[$__rate_interval])) or vector(0)`, "{{class}}"]],
    { span: 12 },
  ),
  logs({
    title: "Suspicious Clients by Name",
    description: "Fingerprint of the client, its pattern and route, newest first.",
    expr: '{service_name="api"} | json | msg="suspicious client"',
    hours: 24,
    span: 24,
    height: 8,
  }),
];
