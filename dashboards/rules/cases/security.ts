import * as limit from "../../thresholds.ts";
import { type Case, counter, onceBefore } from "./case.ts";

/** So many in the five minutes of the window. */
const inFiveMinutes = (count: number) => counter(count / 300);

const problems = (code: string) => (count: number) => ({
  [`media_errors_total{code="${code}",pod="a"}`]: inFiveMinutes(count / 2),
  [`media_errors_total{code="${code}",pod="b"}`]: inFiveMinutes(count / 2),
  'media_errors_total{code="not-found",pod="a"}': inFiveMinutes(1000),
});

/** A window of five minutes holds the limit after so many seconds at twice its rate. */
const HALF_WINDOW = 150;

export const SECURITY: readonly Case[] = [
  {
    rule: "LoginsRefused",
    series: (count) => ({
      'media_logins_total{outcome="refused",pod="a"}': inFiveMinutes(count / 2),
      'media_logins_total{outcome="refused",pod="b"}': inFiveMinutes(count / 2),
      'media_logins_total{outcome="accepted",pod="a"}': inFiveMinutes(1000),
    }),
    silent: limit.REFUSED_LOGINS,
    fires: limit.REFUSED_LOGINS + 0.01,
    step: { from: 0, to: limit.REFUSED_LOGINS * 2, after: HALF_WINDOW },
  },
  ...["unauthenticated", "session-ended", "signature-invalid", "signature-expired"].map(
    (code): Case => ({
      rule: "TokensInvalid",
      series: problems(code),
      silent: limit.INVALID_TOKENS,
      fires: limit.INVALID_TOKENS + 0.01,
      step: { from: 0, to: limit.INVALID_TOKENS * 2, after: HALF_WINDOW },
    }),
  ),
  {
    // Two kinds are two alerts.
    rule: "TokensInvalid",
    series: (count) => ({ ...problems("unauthenticated")(count), ...problems("session-ended")(count) }),
    silent: limit.INVALID_TOKENS,
    fires: limit.INVALID_TOKENS + 0.01,
    alerts: 2,
  },
  {
    rule: "RightsProbed",
    series: problems("forbidden"),
    silent: limit.FORBIDDEN_CALLS,
    fires: limit.FORBIDDEN_CALLS + 0.01,
    step: { from: 0, to: limit.FORBIDDEN_CALLS * 2, after: HALF_WINDOW },
  },
  ...(["bulk-read", "errors"] as const).map(
    (pattern): Case => ({
      rule: pattern === "errors" ? "ClientErrorsMany" : "DataReadInBulk",
      series: (perSecond) => ({
        [`media_suspicious_clients_total{pattern="${pattern}"}`]: counter(perSecond),
        'media_suspicious_clients_total{pattern="other"}': counter(1),
      }),
      silent: 0,
      fires: 0.001,
    }),
  ),
  // It ends ten minutes after the last.
  ...(["bulk-read", "errors"] as const).map(
    (pattern): Case => ({
      rule: pattern === "errors" ? "ClientErrorsMany" : "DataReadInBulk",
      series: (count) => ({ [`media_suspicious_clients_total{pattern="${pattern}"}`]: onceBefore(840, count, 900) }),
      silent: 645,
      fires: 555,
    }),
  ),
  {
    rule: "RedisAccessDenied",
    series: (perSecond) => denied("auth", perSecond),
    silent: 0,
    fires: 0.001,
  },
  { rule: "RedisAccessDenied", series: (perSecond) => denied("cmd", perSecond), silent: 0, fires: 0.001 },
  { rule: "RedisAccessDenied", series: (perSecond) => denied("key", perSecond), silent: 0, fires: 0.001 },
  {
    rule: "RedisAccessDenied",
    series: (seconds) => ({ ...denied("auth", 0), redis_acl_access_denied_auth_total: onceBefore(840, seconds, 900) }),
    silent: 345,
    fires: 255,
  },
];

const denied = (kind: string, perSecond: number) => ({
  ...Object.fromEntries(["auth", "cmd", "key"].map((one) => [`redis_acl_access_denied_${one}_total`, counter(0)])),
  [`redis_acl_access_denied_${kind}_total`]: counter(perSecond),
});
