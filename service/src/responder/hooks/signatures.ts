import { createHmac, timingSafeEqual } from "node:crypto";

/** More signatures than a sender that changes its secret would give are not looked at. */
const MAX_SIGNATURES = 4;
/** By how much the time in a request of Slack may differ from ours, either way: the figure that Slack's documentation names. */
const SLACK_SECONDS = 300;
const HEX = /^[0-9a-f]{64}$/;

export type Verdict = "valid" | "expired" | "invalid";

const hmac = (secret: string, ...parts: (string | Buffer)[]) =>
  parts.reduce((sum, part) => sum.update(part), createHmac("sha256", secret)).digest();

/** Every one is compared, in constant time: how long it takes tells nothing. */
const matches = (given: readonly string[], right: Buffer) =>
  given
    .filter((hex) => HEX.test(hex))
    .slice(0, MAX_SIGNATURES)
    .map((hex) => timingSafeEqual(Buffer.from(hex, "hex"), right))
    .includes(true);

/**
 * `X-PagerDuty-Signature: v1=<hex>[,v1=<hex>]`, HMAC-SHA256 of the body's bytes.
 * https://developer.pagerduty.com/docs/verifying-webhook-signatures
 */
export function verifyPagerDuty(secret: string, header: string, body: Buffer): Verdict {
  const given = header.split(",").flatMap((part) => /^v1=(.*)$/.exec(part.trim())?.slice(1) ?? []);
  return matches(given, hmac(secret, body)) ? "valid" : "invalid";
}

/**
 * `X-Slack-Signature: v0=<hex>`, HMAC-SHA256 of `v0:<time>:<body>`, the time from `X-Slack-Request-Timestamp`.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function verifySlack(
  secret: string,
  { signature, time }: { signature: string; time: string },
  body: Buffer,
  now: Date,
): Verdict {
  if (!/^\d{1,12}$/.test(time)) return "invalid";
  const given = /^v0=(.*)$/.exec(signature)?.slice(1) ?? [];
  if (!matches(given, hmac(secret, `v0:${time}:`, body))) return "invalid";
  return Math.abs(now.getTime() / 1_000 - Number(time)) <= SLACK_SECONDS ? "valid" : "expired";
}
