import { randomUUID } from "node:crypto";
import { SIGNATURE_HEADER, signatureHeader } from "../src/domain/payments/signature.ts";
import type { PaymentEvent } from "../src/model/payment-events.ts";
import { type Answer, call } from "./calls.ts";
import { type Platform, WEBHOOK_KEY } from "./platform.ts";

/** Any moment; events are ordered by it. */
export const NOON = 1_790_000_000;

/** An event as the payment provider makes it. */
export function event(type: string, data: PaymentEvent["data"], more: Partial<PaymentEvent> = {}): PaymentEvent {
  return { id: `evt_${randomUUID()}`, type, createdAt: NOON, data, ...more };
}

interface Sending {
  key?: string;
  /** When it was signed, in seconds since 1970. */
  seconds?: number;
  headers?: Record<string, string>;
  /** What arrives, where that is not what was signed. */
  arrives?: string;
}

/** Sends it as the payment provider does. */
export function sendEvent(
  port: number,
  what: unknown,
  { key = WEBHOOK_KEY, ...sending }: Sending = {},
): Promise<Answer> {
  const bytes = Buffer.isBuffer(what) ? what : Buffer.from(typeof what === "string" ? what : JSON.stringify(what));
  const headers = {
    "content-type": "application/json",
    authorization: "",
    [SIGNATURE_HEADER]: signatureHeader(key, bytes, sending.seconds),
    ...sending.headers,
  };
  return call(port, "/api/v1/payments/webhook", {
    method: "POST",
    body: sending.arrives ?? new Uint8Array(bytes),
    headers,
  });
}

/** As if the account had made all the requests that its free plan allows this week. */
export async function useUp({ sql }: Platform, userId: string, left = 0): Promise<void> {
  await sql(
    `INSERT INTO request_usage SELECT $1, date_trunc('week', now() AT TIME ZONE 'UTC')::date, requests_per_week - $2
     FROM plans WHERE id = 'free'`,
    [userId, left],
  );
}
