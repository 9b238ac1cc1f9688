import { createHmac, timingSafeEqual } from "node:crypto";

export const SIGNATURE_HEADER = "Payment-Signature";

/**
 * Seconds by which the time in a signature may differ from ours, either way. Long enough for slow networks and clocks
 * that differ, short enough that a recorded call is soon worth nothing; the figure most payment providers use.
 */
export const TOLERANCE_SECONDS = 300;

/** More signatures than a provider that changes its key would send are not looked at. */
const MAX_SIGNATURES = 4;
const TIME = /^\d{1,12}$/;
const HEX_SHA256 = /^[0-9a-f]{64}$/;

/** `valid`, or why not. `expired` is said only of what was signed with one of our keys. */
export type SignatureVerdict = "valid" | "expired" | "invalid";

/**
 * Checks a header of the form `t=<seconds since 1970>,v1=<hex>[,v1=<hex>…]`: HMAC-SHA256 with a shared key over the
 * time, a full stop and the body's bytes as they came. Other fields are passed over, as a later scheme would add them.
 */
export function verifySignature(
  keys: readonly string[],
  header: string,
  body: Buffer,
  nowSeconds = Math.floor(Date.now() / 1_000),
): SignatureVerdict {
  const { time, signatures } = parse(header);
  if (time === undefined) return "invalid";
  const right = keys.map((key) => hmac(key, time, body));
  // Every pair is compared, and each in constant time: how long it takes tells nothing.
  const matches = right.flatMap((wanted) => signatures.map((given) => timingSafeEqual(wanted, given)));
  if (!matches.includes(true)) return "invalid";
  return Math.abs(nowSeconds - Number(time)) <= TOLERANCE_SECONDS ? "valid" : "expired";
}

/** The header that a provider would send. */
export function signatureHeader(key: string, body: Buffer, seconds = Math.floor(Date.now() / 1_000)): string {
  return `t=${seconds},v1=${hmac(key, String(seconds), body).toString("hex")}`;
}

function hmac(key: string, time: string, body: Buffer): Buffer {
  return createHmac("sha256", key).update(`${time}.`).update(body).digest();
}

function parse(header: string): { time: string | undefined; signatures: Buffer[] } {
  const fields = header.split(",").map((field) => field.trim().split("=", 2) as [string, string?]);
  const all = (name: string) => fields.filter(([key]) => key === name).map(([, value = ""]) => value);
  const times = all("t");
  const signatures = all("v1").filter((value) => HEX_SHA256.test(value));
  // Two times would leave open which of them was signed.
  const [time] = times.length === 1 ? times.filter((value) => TIME.test(value)) : [];
  return { time, signatures: signatures.slice(0, MAX_SIGNATURES).map((value) => Buffer.from(value, "hex")) };
}
