import { randomUUID } from "node:crypto";
import { jest } from "@jest/globals";
import type { Running } from "../src/process/lifecycle.ts";
import { DEV_TOKEN, eventually, type Platform } from "./platform.ts";
import * as hooks from "./responder-hooks.ts";
import {
  kindsOf,
  notificationOf,
  PAGERDUTY_SECRET,
  plantIdleSession,
  send,
  startWorld,
  type World,
} from "./responder-world.ts";
import type { Signals } from "./signals.ts";

jest.setTimeout(90_000);

let world: World;
let platform: Platform;
let signals: Signals;
let responder: Running;

beforeAll(async () => {
  world = await startWorld();
  ({ platform, signals } = world);
  responder = await world.platform.responder(world.env("spool"));
});
afterAll(() => world?.stop());

const rowOf = (alert: string) => hooks.rowOf(world, alert);
const until = (alert: string, state: string) => hooks.until(world, alert, state);
const paged = (alert: string, category?: string) => hooks.paged(world, responder, alert, category);
const { hmac, keyOf } = hooks;

interface Event {
  id?: string;
  event_type?: string;
  occurred_at?: string;
}

const event = (key: string, changes: Event = {}) =>
  JSON.stringify({
    event: {
      id: randomUUID(),
      event_type: "incident.acknowledged",
      resource_type: "incident",
      occurred_at: new Date().toISOString(),
      agent: { id: "PLH1HKV", type: "user_reference", summary: "Tenex Engineer" },
      client: null,
      data: { id: "PGR0VU2", type: "incident", status: "acknowledged", incident_key: key },
      ...changes,
    },
  });
const pagerDuty = (body: string, signature = `v1=${hmac(PAGERDUTY_SECRET, body)}`) =>
  hooks.hook(responder, "pagerduty", body, { "content-type": "application/json", "x-pagerduty-signature": signature });

describe("PagerDuty's webhook", () => {
  test("acknowledges the incident of its key, under the name of who did; from there PagerDuty needs no word", async () => {
    const key = await paged("PagedOne");
    await paged("PagedOther");
    expect(await pagerDuty(event(key))).toMatchObject({ status: 200, body: { acknowledged: 1 } });
    const { id, acknowledged_by } = await until("PagedOne", "acknowledged");
    expect(acknowledged_by).toBe("pagerduty:PLH1HKV");
    expect(await kindsOf(platform, id)).toContain("acknowledged");
    // The control: another key's incident stays where it was.
    expect((await rowOf("PagedOther")).state).toBe("escalated");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(signals.paged.filter(({ dedup_key }) => dedup_key === key)).toEqual([]);
  });

  test("is refused where it is forged, changed, old, from the future or without a signature", async () => {
    const key = await paged("PagedForged");
    const right = event(key);
    const days = (n: number) => event(key, { occurred_at: new Date(Date.now() + n * 86_400_000).toISOString() });
    for (const [body, signature, code] of [
      [right, `v1=${hmac("another-secret-of-somebody", right)}`, "signature-invalid"],
      [right.replace("PLH1HKV", "PLH1HKX"), `v1=${hmac(PAGERDUTY_SECRET, right)}`, "signature-invalid"],
      [right, "", "signature-invalid"],
      [right, `v0=${hmac(PAGERDUTY_SECRET, right)}`, "signature-invalid"],
      [right, "v1=nothing,v1=", "signature-invalid"],
      [days(-2), undefined, "signature-expired"],
      [days(2), undefined, "signature-expired"],
    ] as const)
      expect(await pagerDuty(body, signature)).toMatchObject({ status: 401, body: { code } });
    expect((await rowOf("PagedForged")).state).toBe("escalated");
    // One right signature among those of a secret that is being changed.
    const both = `v1=${hmac("the-secret-that-comes-next", right)},v1=${hmac(PAGERDUTY_SECRET, right)}`;
    expect((await pagerDuty(right, both)).status).toBe(200);
    await until("PagedForged", "acknowledged");
  });

  test("is taken once: replayed it acknowledges nothing, also not the next incident of the same key", async () => {
    const key = await paged("PagedTwice");
    const body = event(key);
    expect((await pagerDuty(body)).status).toBe(200);
    await until("PagedTwice", "acknowledged");
    signals.samples.delete("PagedTwice");
    await platform.sql("UPDATE incidents SET due_at = now() WHERE alert = 'PagedTwice'");
    await until("PagedTwice", "closed");
    await paged("PagedTwice");
    expect(await pagerDuty(body)).toMatchObject({ status: 401, body: { code: "signature-expired" } });
    // A new event about what was before that incident.
    const earlier = new Date(Date.now() - 10 * 60_000).toISOString();
    expect(await pagerDuty(event(key, { occurred_at: earlier }))).toMatchObject({ body: { acknowledged: 0 } });
    expect((await rowOf("PagedTwice")).state).toBe("escalated");
  });

  test("about something else changes nothing; what is no event is refused", async () => {
    const key = await paged("PagedElse");
    for (const event_type of ["incident.triggered", "incident.resolved", "pagey.ping"])
      expect(await pagerDuty(event(key, { event_type }))).toMatchObject({ status: 200, body: { acknowledged: 0 } });
    expect((await rowOf("PagedElse")).state).toBe("escalated");
    expect((await pagerDuty("{}")).status).toBe(422);
    expect((await pagerDuty("no json")).status).toBe(400);
    expect((await pagerDuty("x".repeat(300_000))).status).toBe(413);
  });

  test("acknowledges an escalated warning, by the key of the escalation's alert", async () => {
    signals.rules.set("QueryTimeHigh", { query: "QueryTimeHigh", duration: 0 });
    signals.samples.set("QueryTimeHigh", [{ pod: "postgres-0" }]);
    await send(responder, notificationOf("QueryTimeHigh"));
    const { id } = await until("QueryTimeHigh", "review");
    await platform.sql(
      "UPDATE incidents SET investigated_at = now() - interval '1 day', due_at = now() WHERE id = $1",
      [id],
    );
    await until("QueryTimeHigh", "escalated");
    const labels = { severity: "critical", incident: id, cause: "QueryTimeHigh" };
    const told = notificationOf("IncidentEscalated", {}, labels);
    await send(responder, { ...told, receiver: "critical", groupKey: "{}:{escalated}" });
    expect(await pagerDuty(event(keyOf("{}:{escalated}")))).toMatchObject({ body: { acknowledged: 1 } });
    await until("QueryTimeHigh", "acknowledged");
  });

  test("while a playbook is at work lets it go on; should it be escalated, the person has it already", async () => {
    const untouchable = await plantIdleSession(platform, "postgres");
    const labels = { severity: "critical", category: "at-work" };
    await send(responder, {
      ...notificationOf("IdleInTransaction", {}, labels),
      receiver: "critical",
      groupKey: "{}:{at-work}",
    });
    await eventually(async () =>
      expect((await rowOf("IdleInTransaction"))?.state).toMatch(/remediating|escalated|verifying/),
    );
    expect(await pagerDuty(event(keyOf("{}:{at-work}")))).toMatchObject({ body: { acknowledged: 1 } });
    await eventually(async () => {
      await platform.sql(
        "UPDATE incidents SET due_at = now() WHERE alert = 'IdleInTransaction' AND lease_holder IS NULL",
      );
      expect((await rowOf("IdleInTransaction")).state).toBe("acknowledged");
    }, 30_000);
    await untouchable.end();
  });
});

describe("PagerDuty is told", () => {
  test("under Alertmanager's own key when a person acknowledges on the page, also when it is away first, and once", async () => {
    const key = await paged("PagedPage");
    signals.away.add("pagerduty");
    const { id } = await rowOf("PagedPage");
    await fetch(`http://127.0.0.1:${responder.httpPort}/incidents/${id}/acknowledge`, {
      method: "POST",
      redirect: "manual",
      headers: { authorization: `Bearer ${DEV_TOKEN}` },
    });
    await until("PagedPage", "acknowledged");
    const told = () => signals.paged.filter(({ dedup_key }) => dedup_key === key);
    expect(told()).toEqual([]);
    signals.away.delete("pagerduty");
    const again = () => platform.sql("UPDATE incidents SET due_at = now() WHERE alert = 'PagedPage'");
    await eventually(async () => {
      await again();
      expect(told()).toHaveLength(1);
    });
    expect(told()[0]).toMatchObject({ event_action: "acknowledge" });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await again();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(told()).toHaveLength(1);
  });
});

test("without its secret there is no such address", async () => {
  const bare = await platform.responder({ ...world.env("spool-bare"), PAGERDUTY_WEBHOOK_SECRET_FILE: "" });
  expect((await hooks.hook(bare, "pagerduty", "{}", {})).status).toBe(404);
});
