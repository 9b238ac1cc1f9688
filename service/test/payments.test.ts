import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SIGNATURE_HEADER, signatureHeader } from "../src/domain/payments/signature.ts";
import { PAYMENT_EVENTS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, getAs, metric, type Person, person } from "./calls.ts";
import { event, NOON, sendEvent } from "./payments.ts";
import { eventually, type Platform, startPlatform, WEBHOOK_KEY } from "./platform.ts";

let platform: Platform;
let api: Running;
let port: number;
let ann: Person;
let next = 0;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  port = api.httpPort;
  ann = await person(port, "ann");
});
afterAll(() => platform?.stop());

const LATER = Math.floor(Date.now() / 1_000) + 86_400;
const money = (more = {}) => ({
  paymentId: `pay_${++next}`,
  userId: ann.id,
  amountMinor: 499,
  currency: "EUR",
  ...more,
});
const plan = (planId: string, more = {}) => ({ userId: ann.id, planId, paidUntil: LATER, ...more });
const events = async (id: string) => (await platform.sql("SELECT 1 FROM payment_events WHERE id = $1", [id])).length;
const payment = async (id: string) =>
  (await platform.sql("SELECT state, amount_minor::int, refunded_minor::int FROM payments WHERE id = $1", [id]))[0];
const subscription = async () => (await getAs(port, ann.token, "/api/v1/subscription")).body;

test("the plans, for every caller, cheapest first", async () => {
  const { status, body, headers } = await call(port, "/api/v1/plans", { headers: { authorization: "" } });
  expect(status).toBe(200);
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual(["free", "standard", "premium"]);
  expect(body.items[1].price).toEqual({ amountMinor: 499, currency: "EUR" });
  expect(headers.get("cache-control")).toContain("max-age");
});

test("from free to paid, past due, cancelled, run out", async () => {
  expect(await subscription()).toMatchObject({ plan: { id: "free" }, status: "none", paidUntil: null });
  const paidUntil = new Date(LATER * 1_000).toISOString();
  await sendEvent(port, event("subscription.changed", plan("premium")));
  await sendEvent(port, event("payment.succeeded", money()));
  expect(await subscription()).toMatchObject({ plan: { id: "premium" }, status: "active", paidUntil });
  await sendEvent(port, event("payment.failed", money(), { createdAt: NOON + 1 }));
  expect(await subscription()).toMatchObject({ plan: { id: "premium" }, status: "past_due" });
  await sendEvent(port, event("subscription.cancelled", plan("premium"), { createdAt: NOON + 2 }));
  // It is paid for until then.
  expect(await subscription()).toMatchObject({ plan: { id: "premium" }, status: "cancelled", paidUntil });
  await sendEvent(port, event("subscription.cancelled", plan("premium", { paidUntil: NOON }), { createdAt: NOON + 3 }));
  expect(await subscription()).toMatchObject({ plan: { id: "free" }, status: "none" });
});

test("the dev token's user has no subscription; a user does not see another's", async () => {
  expect(await call(port, "/api/v1/subscription")).toMatchObject({ status: 404 });
  expect(await call(port, "/api/v1/subscription", { headers: { authorization: "" } })).toMatchObject({ status: 401 });
});

describe("what is refused leaves nothing", () => {
  const forged: [string, string, Parameters<typeof sendEvent>[2]][] = [
    ["another key", "signature-invalid", { key: "not the key that we share" }],
    ["no signature", "signature-invalid", { headers: { [SIGNATURE_HEADER]: "" } }],
    ["a signature of another body", "signature-invalid", { arrives: JSON.stringify(event("payment.succeeded", {})) }],
    ["the same JSON in other bytes", "signature-invalid", { arrives: "" }],
    ["an old signature", "signature-expired", { seconds: Math.floor(Date.now() / 1_000) - 301 }],
    ["one from the future", "signature-expired", { seconds: Math.floor(Date.now() / 1_000) + 360 }],
    ["a compressed body", "unsupported-media-type", { headers: { "content-encoding": "gzip" } }],
    ["another content type", "unsupported-media-type", { headers: { "content-type": "text/plain" } }],
  ];
  test.each(forged)("%s: %s", async (name, code, sending) => {
    const sent = event("payment.succeeded", money());
    const arrives = name.includes("other bytes") ? JSON.stringify(sent, null, 1) : sending?.arrives;
    const answer = await sendEvent(port, sent, { ...sending, ...(arrives !== undefined && { arrives }) });
    expect(answer.body.code).toBe(code);
    expect(await events(sent.id)).toBe(0);
    // The control: the same event, signed as it should be.
    expect(await sendEvent(port, sent)).toMatchObject({ status: 200 });
  });

  test.each([
    ["no JSON", '{"id":', "malformed-body"],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), "malformed-body"],
    ["no event", [1], "validation-failed"],
    ["no id", { type: "x", createdAt: 1, data: {} }, "validation-failed"],
    ["half an amount", event("payment.succeeded", { ...money, amountMinor: 4.99 }), "validation-failed"],
    ["a negative refund", event("payment.refunded", { refundedMinor: -1 }), "validation-failed"],
    ["an unknown currency", event("payment.succeeded", { currency: "XXX" }), "validation-failed"],
    ["too long", event("payment.noted", { text: "x".repeat(17_000) }), "body-too-large"],
  ])("signed, but %s", async (_name, what, code) => {
    const before = await platform.sql("SELECT count(*) FROM payment_events");
    expect((await sendEvent(port, what)).body.code).toBe(code);
    expect(await platform.sql("SELECT count(*) FROM payment_events")).toEqual(before);
  });

  test("a mistake in the data is named by its place", async () => {
    const { body } = await sendEvent(port, event("payment.refunded", money({ refundedMinor: "all" })));
    expect(body.errors).toEqual([expect.objectContaining({ path: "/data/refundedMinor" })]);
  });

  test("a call that is cut off", async () => {
    const sent = event("payment.succeeded", money());
    const text = Buffer.from(JSON.stringify(sent));
    const headers = {
      "content-type": "application/json",
      "content-length": text.length,
      [SIGNATURE_HEADER]: signatureHeader(WEBHOOK_KEY, text),
    };
    const cut = request({ host: "127.0.0.1", port, path: "/api/v1/payments/webhook", method: "POST", headers });
    cut.on("error", () => {});
    await new Promise((resolve) => cut.write(text.subarray(0, 40), resolve));
    cut.destroy();
    expect(await sendEvent(port, sent)).toMatchObject({ status: 200 });
    expect(await events(sent.id)).toBe(1);
  });

  test("guessing signatures is stopped per address, and does not stop a sender with a valid signature", async () => {
    const strict = await platform.api({ VISITOR_RATE_LIMIT_PER_MINUTE: "3" });
    const guess = (from: string) =>
      sendEvent(strict.httpPort, event("payment.noted", {}), { key: "a guess", headers: { "x-forwarded-for": from } });
    const codes = [];
    for (let n = 0; n < 5; n++) codes.push((await guess("203.0.113.5")).body.code);
    // Five in one minute, or in two when it ends meanwhile: at least one is too many.
    expect(codes[0]).toBe("signature-invalid");
    expect(codes).toContain("rate-limited");
    expect((await guess("203.0.113.6")).body.code).toBe("signature-invalid");
    const headers = { "x-forwarded-for": "203.0.113.5" };
    expect(await sendEvent(strict.httpPort, event("payment.noted", {}), { headers })).toMatchObject({ status: 200 });
  });

  test("without a key every event", async () => {
    const keyless = await platform.api({ PAYMENT_WEBHOOK_KEY_FILE: "" });
    expect(await sendEvent(keyless.httpPort, event("payment.noted", {}))).toMatchObject({ status: 401 });
    expect(await sendEvent(keyless.httpPort, event("payment.noted", {}), { key: "" })).toMatchObject({ status: 401 });
  });
});

test("while the key is changed both are good, and afterwards only the new one", async () => {
  const file = join(platform.servers.folder, "rotated-key");
  const [old, fresh] = [WEBHOOK_KEY, "the-fresh-webhook-key"];
  writeFileSync(file, `${fresh}\n${old}\n`);
  const both = await platform.api({ PAYMENT_WEBHOOK_KEY_FILE: file });
  for (const key of [old, fresh])
    expect(await sendEvent(both.httpPort, event("payment.noted", {}), { key })).toMatchObject({ status: 200 });
  writeFileSync(file, fresh);
  const after = await platform.api({ PAYMENT_WEBHOOK_KEY_FILE: file });
  expect(await sendEvent(after.httpPort, event("payment.noted", {}), { key: old })).toMatchObject({ status: 401 });
});

describe("once, whatever comes how often", () => {
  test("200 at once, over two processes, are one effect and one answer", async () => {
    const second = await platform.api();
    const sent = event("payment.succeeded", money());
    const ports = [port, second.httpPort];
    // A call that a busy process refuses is sent again, as the provider does.
    const insist = async (to: number) => {
      for (;;) {
        const answer = await sendEvent(to, sent);
        if (answer.body.code !== "overloaded") return answer;
        await sleep(500);
      }
    };
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => insist(ports[n % 2] as number)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`))).toEqual(
      new Set([`200 {"received":"${sent.id}"}`]),
    );
    expect(await events(sent.id)).toBe(1);
    expect(await payment(sent.data.paymentId as string)).toEqual({
      state: "succeeded",
      amount_minor: 499,
      refunded_minor: 0,
    });
    const sample = (outcome: string) => `${PAYMENT_EVENTS_TOTAL}{type="payment.succeeded",outcome="${outcome}"}`;
    const replays = await Promise.all([api, second].map(({ adminPort }) => metric(adminPort, sample("replayed"))));
    expect((replays[0] ?? 0) + (replays[1] ?? 0)).toBe(199);
  }, 30_000);

  test("an event whose effect failed is not recorded, and has its effect when it comes again", async () => {
    const sent = event("payment.succeeded", money());
    await platform.sql("ALTER TABLE payments RENAME TO away");
    expect(await sendEvent(port, sent)).toMatchObject({ status: 500 });
    await platform.sql("ALTER TABLE away RENAME TO payments");
    expect(await events(sent.id)).toBe(0);
    expect(await sendEvent(port, sent)).toMatchObject({ status: 200 });
    expect(await payment(sent.data.paymentId as string)).toMatchObject({ state: "succeeded" });
  });

  test("a database that is away: 503, when to come back, and nothing lost", async () => {
    const sent = event("payment.succeeded", money());
    await platform.servers.kill("pgbouncer");
    const answer = await sendEvent(port, sent);
    await platform.servers.restart("pgbouncer");
    expect(answer).toMatchObject({ status: 503 });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    await eventually(async () => expect(await sendEvent(port, sent)).toMatchObject({ status: 200 }));
    expect(await events(sent.id)).toBe(1);
  });

  test("types without an effect, accounts and plans that are not here: recorded, counted, 200", async () => {
    const unknown = "00000000-0000-4000-8000-000000000000";
    const cases = [
      [event("invoice.finalized", { total: 1 }), "other", "ignored"],
      [event("toString", {}), "other", "ignored"],
      [event("note.written", { text: "\u0000 \ud800", __proto__: null }), "other", "ignored"],
      [event("subscription.changed", plan("gold")), "subscription.changed", "unmatched"],
      [event("subscription.changed", plan("standard", { userId: unknown })), "subscription.changed", "unmatched"],
    ] as const;
    for (const [sent, type, outcome] of cases) {
      const sample = `${PAYMENT_EVENTS_TOTAL}{type="${type}",outcome="${outcome}"}`;
      const before = await metric(api.adminPort, sample);
      expect(await sendEvent(port, sent)).toMatchObject({ status: 200, body: { received: sent.id } });
      expect(await metric(api.adminPort, sample)).toBe(before + 1);
      expect(await events(sent.id)).toBe(1);
    }
  });
});
