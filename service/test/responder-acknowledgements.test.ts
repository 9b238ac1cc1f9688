import { createHash, createHmac, randomUUID } from "node:crypto";
import { jest } from "@jest/globals";
import type { Running } from "../src/process/lifecycle.ts";
import { DEV_TOKEN, eventually, type Platform } from "./platform.ts";
import {
  type IncidentRow,
  incidentIn,
  incidentsOf,
  kindsOf,
  notificationOf,
  PAGERDUTY_SECRET,
  plantIdleSession,
  SLACK_SECRET,
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
  responder = await platform.responder(world.env("spool"));
});
afterAll(() => world?.stop());

const hmac = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");
const keyOf = (groupKey: string) => createHash("sha256").update(groupKey).digest("hex");

async function hook(path: string, body: string, headers: Record<string, string>) {
  const url = `http://127.0.0.1:${responder.httpPort}/incidents/hooks/${path}`;
  const answer = await fetch(url, { method: "POST", body, headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

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
  hook("pagerduty", body, { "content-type": "application/json", "x-pagerduty-signature": signature });

const now = () => Math.floor(Date.now() / 1_000);
const press = (category: string, messageTs = now()) =>
  new URLSearchParams({
    payload: JSON.stringify({
      type: "interactive_message",
      callback_id: "incidents",
      actions: [{ type: "button", name: "acknowledge", value: category }],
      user: { id: "U061F7AUR", name: "engineer" },
      channel: { id: "C1" },
      message_ts: `${messageTs}.000100`,
      nonce: randomUUID(),
    }),
  }).toString();
const slack = (body: string, { time = now(), secret = SLACK_SECRET } = {}) =>
  hook("slack", body, {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-request-timestamp": String(time),
    "x-slack-signature": `v0=${hmac(secret, `v0:${time}:${body}`)}`,
  });

const rowOf = async (alert: string) => (await incidentsOf(platform, alert))[0] as IncidentRow;
const until = (alert: string, state: string) => incidentIn(platform, alert, state, 20_000);

/** A critical alert without a playbook, of which PagerDuty was told: it is escalated at once. */
async function paged(alert: string, category = alert.toLowerCase()): Promise<string> {
  signals.rules.set(alert, { query: alert, duration: 0 });
  signals.samples.set(alert, [{ pod: "postgres-0" }]);
  const labels = { severity: "critical", category };
  await send(responder, { ...notificationOf(alert, {}, labels), receiver: "critical", groupKey: `{}:{${category}}` });
  await until(alert, "escalated");
  return keyOf(`{}:{${category}}`);
}

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

describe("Slack's button", () => {
  test("acknowledges the incidents of its group that were told by then", async () => {
    await paged("SlackOne", "slack-one");
    await paged("SlackOther", "slack-other");
    expect(await slack(press("slack-one", now() - 600))).toMatchObject({
      body: { text: expect.stringContaining("nothing") },
    });
    expect((await rowOf("SlackOne")).state).toBe("escalated");
    expect(await slack(press("slack-one"))).toMatchObject({
      status: 200,
      body: { text: "1 incidents are acknowledged." },
    });
    expect((await until("SlackOne", "acknowledged")).acknowledged_by).toBe("slack:U061F7AUR");
    expect((await rowOf("SlackOther")).state).toBe("escalated");
  });

  test("is refused where it is forged, changed, older than five minutes, or replayed", async () => {
    await paged("SlackForged", "slack-forged");
    const body = press("slack-forged");
    const time = now();
    const stale = await slack(body, { time: time - 301 });
    expect(stale).toMatchObject({ status: 401, body: { code: "signature-expired" } });
    expect(await slack(body, { time: time + 400 })).toMatchObject({ body: { code: "signature-expired" } });
    expect(await slack(body, { secret: "another-secret-of-somebody" })).toMatchObject({
      status: 401,
      body: { code: "signature-invalid" },
    });
    // Signed for another time: the recorded body is not good with a new one.
    const old = `v0=${hmac(SLACK_SECRET, `v0:${time - 9_999}:${body}`)}`;
    const moved = { "x-slack-request-timestamp": String(time), "x-slack-signature": old };
    expect(await hook("slack", body, moved)).toMatchObject({ status: 401, body: { code: "signature-invalid" } });
    expect((await rowOf("SlackForged")).state).toBe("escalated");
    expect((await slack(body, { time })).status).toBe(200);
    await until("SlackForged", "acknowledged");
    expect(await slack(body, { time })).toMatchObject({ status: 401, body: { code: "signature-expired" } });
  });

  test("that is none of ours changes nothing; what is no request is refused", async () => {
    await paged("SlackElse", "slack-else");
    const other = press("slack-else").replace("acknowledge", "something");
    expect(await slack(other)).toMatchObject({ status: 200, body: { text: expect.stringContaining("nothing") } });
    expect((await rowOf("SlackElse")).state).toBe("escalated");
    expect((await slack("payload=x")).status).toBe(400);
    expect((await slack(new URLSearchParams({ payload: "{}" }).toString())).status).toBe(422);
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

test("without their secrets there are no such addresses", async () => {
  const files = { PAGERDUTY_WEBHOOK_SECRET_FILE: "", SLACK_SIGNING_SECRET_FILE: "" };
  const bare = await platform.responder({ ...world.env("spool-bare"), ...files });
  for (const path of ["pagerduty", "slack"]) {
    const url = `http://127.0.0.1:${bare.httpPort}/incidents/hooks/${path}`;
    expect((await fetch(url, { method: "POST", body: event("x") })).status).toBe(404);
  }
});
