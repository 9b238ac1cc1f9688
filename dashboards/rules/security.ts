import { SUSPICIOUS_CLIENTS_TOTAL } from "@media/service/metric-names";
import * as q from "../library/queries.ts";
import { FORBIDDEN_CALLS, INVALID_TOKENS, REFUSED_LOGINS } from "../thresholds.ts";
import { above, type Rule } from "./rule.ts";

const suspicious = (pattern: string) =>
  above(`sum(increase(${SUSPICIOUS_CLIENTS_TOTAL}{pattern="${pattern}"}[10m]))`, 0);

/** "Detection" of the threat model (docs/threat-model.md). */
export const securityRules: readonly Rule[] = [
  {
    name: "LoginsRefused",
    category: "security",
    severity: "warning",
    expr: above(q.refusedLogins("5m"), REFUSED_LOGINS),
    summary: "{{ $value | humanize }} log-ins were refused in five minutes",
    description: "Passwords are being guessed, of one account or of many. The limit per address slows it.",
    dashboard: { uid: "security", panel: "Refused Log-ins" },
  },
  {
    name: "TokensInvalid",
    category: "security",
    severity: "warning",
    expr: above(q.problemsOf(q.TOKEN_CODES, "5m"), INVALID_TOKENS),
    summary: "{{ $value | humanize }} calls in five minutes had no valid token or signature ({{ $labels.code }})",
    description: "Tokens are made up, or used after their session has ended.",
    dashboard: { uid: "security", panel: "Invalid Tokens" },
  },
  {
    name: "RightsProbed",
    category: "security",
    severity: "warning",
    expr: above(q.problemsOf("forbidden", "5m"), FORBIDDEN_CALLS),
    summary: "{{ $value | humanize }} calls in five minutes asked for what their role does not allow",
    description: "An account looks for what it may do: one that was taken over, or a person who is curious.",
    dashboard: { uid: "security", panel: "Forbidden" },
  },
  {
    name: "DataReadInBulk",
    category: "security",
    severity: "critical",
    expr: suspicious("bulk-read"),
    summary: "An account with the right to read everything reads it in bulk",
    description: "Data of all users may be leaving through a moderator's or an administrator's account.",
    dashboard: { uid: "security", panel: "Suspicious Clients" },
  },
  {
    name: "ClientErrorsMany",
    category: "security",
    severity: "info",
    expr: suspicious("errors"),
    summary: "One client makes many calls that are refused",
    description: "A scanner, or a program that does not stop after an error.",
    dashboard: { uid: "security", panel: "Suspicious Clients" },
  },
  {
    name: "RedisAccessDenied",
    category: "security",
    severity: "critical",
    expr: above(q.redisDenied("5m"), 0),
    summary: "Redis denied {{ $value | humanize }} log-ins or commands",
    description:
      "Only our own processes reach Redis, and they know their password: one of them may have been taken over.",
    dashboard: { uid: "security", panel: "Denied by Redis" },
  },
];
