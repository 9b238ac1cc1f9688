import fc from "fast-check";
import type { Running } from "../src/process/lifecycle.ts";
import { person } from "./calls.ts";
import { event, NOON, sendEvent } from "./payments.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let port: number;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  port = api.httpPort;
});
afterAll(() => platform?.stop());

const LATER = Math.floor(Date.now() / 1_000) + 86_400;
const payment = async (id: string) =>
  (await platform.sql("SELECT state, amount_minor::int, refunded_minor::int FROM payments WHERE id = $1", [id]))[0];

test("an older event changes nothing; equal times are settled the same way round", async () => {
  const userId = (await person(port, "late")).id;
  const changed = (planId: string, createdAt: number, id: string) =>
    sendEvent(port, { ...event("subscription.changed", { userId, planId, paidUntil: LATER }), createdAt, id });
  const planNow = async () =>
    (await platform.sql<{ plan_id: string }>("SELECT plan_id FROM subscriptions WHERE user_id = $1", [userId]))[0]
      ?.plan_id;
  await changed("premium", NOON + 10, "evt_order_b");
  await changed("standard", NOON + 9, "evt_order_c");
  expect(await planNow()).toBe("premium");
  await changed("standard", NOON + 10, "evt_order_a");
  expect(await planNow()).toBe("premium");
  await changed("standard", NOON + 10, "evt_order_d");
  expect(await planNow()).toBe("standard");
});

test("a refund before its payment, and the greater sum before the smaller", async () => {
  const [paymentId, userId] = ["pay_refunded_first", (await person(port, "refunded")).id];
  for (const refundedMinor of [300, 100]) {
    await sendEvent(port, event("payment.refunded", { paymentId, userId, refundedMinor }));
    expect(await payment(paymentId)).toMatchObject({ state: null, refunded_minor: 300 });
  }
  await sendEvent(port, event("payment.succeeded", { paymentId, userId, amountMinor: 499, currency: "EUR" }));
  expect(await payment(paymentId)).toEqual({ state: "succeeded", amount_minor: 499, refunded_minor: 300 });
});

describe("an event whose plan comes later", () => {
  const planOf = async (userId: string) =>
    (await platform.sql<{ plan_id: string }>("SELECT plan_id FROM subscriptions WHERE user_id = $1", [userId]))[0]
      ?.plan_id;
  const addPlan = (id: string) => platform.sql("INSERT INTO plans VALUES ($1, 'Later', 99, 1999, 'EUR')", [id]);
  const changed = (userId: string, planId: string, createdAt = NOON) =>
    event("subscription.changed", { userId, planId, paidUntil: LATER }, { createdAt });

  test("is applied when it is sent again, as it came first", async () => {
    const userId = await account();
    const first = changed(userId, "gold");
    for (let n = 0; n < 2; n++) expect(await sendEvent(port, first)).toMatchObject({ status: 200 });
    expect(await planOf(userId)).toBeUndefined();
    await addPlan("gold");
    // Who can send an event again cannot make another of it.
    await sendEvent(port, { ...first, createdAt: NOON + 99, data: { ...first.data, planId: "premium" } });
    expect(await planOf(userId)).toBe("gold");
    await sendEvent(port, changed(userId, "standard", NOON + 1));
    await sendEvent(port, first);
    expect(await planOf(userId)).toBe("standard");
  });

  test("is applied by the command, which overwrites nothing newer", async () => {
    const [waiting, moved, lost] = [await account(), await account(), await account()];
    const { data, ...rest } = changed(waiting, "silver");
    await sendEvent(port, { ...rest, data: { ...data, note: "\u0000" } });
    await sendEvent(port, changed(moved, "silver"));
    await sendEvent(port, changed(moved, "premium", NOON + 1));
    await sendEvent(port, changed(lost, "bronze"));
    const run = async () => {
      const command = platform.spawn("apply-payments");
      expect(await command.closed).toBe(0);
      return (await command.logged("stored payment events applied")).outcomes;
    };
    expect(await run()).toMatchObject({ unmatched: 3 });
    await addPlan("silver");
    expect(await run()).toMatchObject({ applied: 1, unmatched: 1 });
    expect([await planOf(waiting), await planOf(moved), await planOf(lost)]).toEqual(["silver", "premium", undefined]);
    const again = await run();
    expect(again).toMatchObject({ unmatched: 1 });
    expect(again).not.toHaveProperty("applied");
  }, 120_000);
});

test("any events in any order, some twice, leave the state that they leave in the right order", async () => {
  const kinds = [
    "payment.succeeded",
    "payment.failed",
    "payment.refunded",
    "subscription.changed",
    "subscription.cancelled",
  ];
  const one = fc.record({
    type: fc.constantFrom(...kinds),
    at: fc.integer({ min: 0, max: 4 }),
    amount: fc.integer({ min: 0, max: 500 }),
    payment: fc.constantFrom("a", "b"),
    planId: fc.constantFrom("standard", "premium"),
    order: fc.double({ noNaN: true }),
    twice: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 2, maxLength: 8 }), fc.boolean(), async (drawn, atOnce) => {
      const [right, mixed] = await Promise.all([account(), account()]);
      const made = drawn.map((draw, n) => ({ draw, n }));
      const inOrder = made.toSorted((x, y) => x.draw.at - y.draw.at || x.n - y.n);
      for (const each of inOrder) await tell(right, each);
      const anyOrder = made.toSorted((x, y) => x.draw.order - y.draw.order);
      const sending = anyOrder.flatMap((each) => (each.draw.twice ? [each, each] : [each]));
      if (atOnce) await Promise.all(sending.map((each) => tell(mixed, each)));
      else for (const each of sending) await tell(mixed, each);
      expect(await state(mixed)).toEqual(await state(right));
    }),
    { numRuns: 40 },
  );
}, 120_000);

interface Made {
  n: number;
  draw: { type: string; at: number; amount: number; payment: string; planId: string };
}
async function account(): Promise<string> {
  const rows = await platform.sql<{ id: string }>(
    "INSERT INTO users (email, name, password_hash) VALUES (gen_random_uuid() || '@example.org', 'n', 'x') RETURNING id",
  );
  return rows[0]?.id as string;
}
async function tell(userId: string, { n, draw }: Made): Promise<void> {
  const { type, at, amount, planId } = draw;
  const data = type.startsWith("payment")
    ? { paymentId: `${draw.payment}${userId}`, amountMinor: amount, refundedMinor: amount, currency: "EUR" }
    : { planId, paidUntil: LATER + amount };
  const sent = { id: `evt_${n}_${userId}`, type, createdAt: NOON + at, data: { userId, ...data } };
  expect(await sendEvent(port, sent)).toMatchObject({ status: 200 });
}
/** All that the account's events left. */
const state = (userId: string) =>
  platform.sql(
    `SELECT left(id, 1) AS id, state, amount_minor, refunded_minor, occurred_at FROM payments WHERE user_id = $1
     UNION ALL SELECT plan_id, cancelled::text, extract(epoch FROM paid_until)::bigint, 0, occurred_at FROM subscriptions WHERE user_id = $1
     ORDER BY 1`,
    [userId],
  );
