import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { jest } from "@jest/globals";
import {
  INCIDENTS_CLOSED_TOTAL,
  INCIDENTS_OPENED_TOTAL,
  PLAYBOOK_RUNS_TOTAL,
} from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call } from "./calls.ts";
import { eventually, type Platform } from "./platform.ts";
import {
  attemptsOf,
  fires,
  incidentIn,
  incidentsOf,
  kindsOf,
  notificationOf,
  plantIdleSession,
  send,
  startWorld,
  type World,
} from "./responder-world.ts";
import type { Signals } from "./signals.ts";

jest.setTimeout(180_000);

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

const until = (alert: string, state: string, withinMs = 60_000) => incidentIn(platform, alert, state, withinMs);

/** Sum of the samples of a metric that have a label. */
async function metricOf(name: string, label: string): Promise<number> {
  const { body } = await call(responder.adminPort, "/metrics");
  const lines = (body as string).split("\n").filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.split("} ")[1]), 0);
}

/** Ends what a test leaves, so that its alert is over and the next one begins anew. */
async function over(alert: string): Promise<void> {
  signals.samples.delete(alert);
  await platform.sql("UPDATE incidents SET due_at = now() WHERE alert = $1", [alert]);
  await until(alert, "closed");
}

test("a session idle in its transaction: opened, investigated, ended, verified, closed, written down", async () => {
  const session = await plantIdleSession(platform);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect((await send(responder, notificationOf("IdleInTransaction"))).status).toBe(200);
  const { id, investigation, post_mortem } = await until("IdleInTransaction", "closed");
  expect(session.state.ended).toBe(true);
  expect(await attemptsOf(platform, id)).toEqual([{ playbook: "end-idle-in-transaction", outcome: "done" }]);
  expect(await kindsOf(platform, id)).toEqual([
    "opened",
    "investigated",
    "playbook",
    "attempt",
    "attempted",
    "resolved",
    "closed",
  ]);
  expect(investigation).toMatchObject({ logs: ["a line of trouble"], trace: { id: "a".repeat(32) }, missing: [] });
  expect(investigation?.metrics.length).toBeGreaterThan(5);
  expect(JSON.stringify(investigation?.lists)).toContain("idle in transaction");
  expect(post_mortem).toMatch(/## Time line \(UTC\)\n\n- .*IdleInTransaction.*fires/);
  expect(post_mortem).toContain("The alert ended after end-idle-in-transaction had acted on");
  for (const [name, labels] of [
    [INCIDENTS_OPENED_TOTAL, 'cause="IdleInTransaction"'],
    [INCIDENTS_CLOSED_TOTAL, 'outcome="mended"'],
    [PLAYBOOK_RUNS_TOTAL, 'outcome="done"'],
  ] as const)
    expect(await metricOf(name, labels)).toBeGreaterThan(0);
});

test("the same notification a hundred times, also at once and in the wrong order, acts once", async () => {
  const session = await plantIdleSession(platform);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const firing = notificationOf("IdleInTransaction");
  const [alert] = firing.alerts;
  const resolved = { ...firing, alerts: [{ ...alert, status: "resolved", endsAt: new Date().toISOString() }] };
  const before = (await incidentsOf(platform, "IdleInTransaction")).length;
  await send(responder, firing);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => send(responder, n % 5 === 4 ? resolved : firing)),
  );
  // What does not get a connection in time waits on disk, and comes once more from there.
  expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
  await eventually(async () => expect((await readdir(join(platform.servers.folder, "spool"))).length).toBe(0));
  const { id } = await until("IdleInTransaction", "closed");
  await Promise.all(Array.from({ length: 20 }, () => send(responder, firing)));
  const after = await incidentsOf(platform, "IdleInTransaction");
  expect([after.length - before, after[0]?.state]).toEqual([1, "closed"]);
  expect(await attemptsOf(platform, id)).toHaveLength(1);
  await session.end();
});

test("an end that comes before its beginning opens nothing", async () => {
  const firing = notificationOf("Backwards");
  const resolved = {
    ...firing,
    alerts: [{ ...firing.alerts[0], status: "resolved", endsAt: new Date().toISOString() }],
  };
  await send(responder, resolved);
  await send(responder, firing);
  expect(await incidentsOf(platform, "Backwards")).toEqual([]);
});

test.each([
  ["without the token", () => send(responder, notificationOf("Forged"), ""), 401],
  ["with another token", () => send(responder, notificationOf("Forged"), "guessed-token-of-16"), 401],
  ["that is no JSON", () => send(responder, "{"), 400],
  ["of another version", () => send(responder, { ...notificationOf("Forged"), version: "3" }), 422],
  ["without a name", () => send(responder, notificationOf("Forged", { labels: { severity: "warning" } })), 422],
  ["with a time that is none", () => send(responder, notificationOf("Forged", { startsAt: "yesterday" })), 422],
  ["that is huge", () => send(responder, notificationOf("Forged", {}, { x: "x".repeat(3_000_000) })), 413],
])("a notification %s is refused and opens nothing", async (_name, sent, status) => {
  expect((await sent()).status).toBe(status);
  expect(await incidentsOf(platform, "Forged")).toEqual([]);
});

test("a remedy that does not help: what it may not touch stays, and people are told under one key", async () => {
  // A superuser's session: nothing of ours may end it.
  const untouchable = await plantIdleSession(platform, "postgres");
  const ordinary = await plantIdleSession(platform);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await send(responder, notificationOf("IdleInTransaction"));
  // The playbook's cooldown after the test before.
  await eventually(() => expect(ordinary.state.ended).toBe(true), 45_000);
  // The patience of a whole minute is for Prometheus, not for this test. A step at work may write its own deadline over this one.
  const { id } = await eventually(async () => {
    await platform.sql(
      `UPDATE incidents SET progress = '{"deadline": "2026-01-01T00:00:00Z"}', due_at = now() WHERE state = 'verifying'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [incident] = await incidentsOf(platform, "IdleInTransaction");
    expect(incident?.state).toBe("escalated");
    return incident as { id: string };
  }, 60_000);
  expect(untouchable.state.ended).toBe(false);
  expect(await attemptsOf(platform, id)).toHaveLength(1);
  await eventually(() =>
    expect(signals.told).toContainEqual(
      expect.objectContaining({
        labels: expect.objectContaining({ severity: "critical", incident: id, escalation: "1" }),
      }),
    ),
  );
  const keys = new Set(
    signals.told.filter(({ labels }) => labels.incident === id).map(({ labels }) => JSON.stringify(labels)),
  );
  expect(keys.size).toBe(1);
  await untouchable.end();
  await platform.sql("UPDATE incidents SET due_at = now() WHERE id = $1", [id]);
  await until("IdleInTransaction", "closed");
  const last = signals.told.filter(({ labels }) => labels.incident === id).at(-1);
  expect(new Date(last?.endsAt ?? 0).getTime()).toBeLessThanOrEqual(Date.now());
});

test("an alert without a playbook waits for a person; a critical one is escalated at once", async () => {
  fires(signals, "QueryTimeHigh", { pod: "postgres-0" });
  fires(signals, "DatabaseDown", { pod: "postgres-0" });
  await send(responder, notificationOf("QueryTimeHigh"));
  await send(responder, notificationOf("DatabaseDown", {}, { severity: "critical" }));
  await until("QueryTimeHigh", "review");
  await until("DatabaseDown", "escalated");
  // Alertmanager has told people of a critical alert by itself.
  expect(signals.told.filter(({ labels }) => labels.cause === "DatabaseDown")).toEqual([]);
  await over("QueryTimeHigh");
  await over("DatabaseDown");
});

test("an alert that Prometheus has no rule for is over when Alertmanager says so", async () => {
  const firing = notificationOf("Unheard");
  await send(responder, firing);
  await until("Unheard", "review");
  await send(responder, {
    ...firing,
    alerts: [{ ...firing.alerts[0], status: "resolved", endsAt: new Date().toISOString() }],
  });
  await over("Unheard");
});

test("without Prometheus nothing is mended; without Loki and Jaeger the investigation says so", async () => {
  const session = await plantIdleSession(platform);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  for (const program of ["prometheus", "loki", "jaeger"] as const) signals.away.add(program);
  await send(responder, notificationOf("IdleInTransaction"));
  const { id, investigation } = await until("IdleInTransaction", "remediating");
  expect(investigation?.missing.join()).toMatch(/metrics:.*lists:.*logs:.*trace:/s);
  // A step under way writes its own count over this one: it is written until it counts.
  await eventually(async () => {
    const blind = `UPDATE incidents SET progress = '{"blind": 5}', due_at = now() WHERE id = $1 AND state = 'remediating'`;
    await platform.sql(blind, [id]);
    await until("IdleInTransaction", "escalated", 2_000);
  }, 60_000);
  expect([session.state.ended, await attemptsOf(platform, id)]).toEqual([false, []]);
  signals.away.clear();
  await session.end();
  await over("IdleInTransaction");
});

test("more than its blast radius: it refuses to act at all", async () => {
  const sessions = await Promise.all(Array.from({ length: 6 }, () => plantIdleSession(platform)));
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await send(responder, notificationOf("IdleInTransaction"));
  const { id } = await until("IdleInTransaction", "escalated");
  expect(sessions.some(({ state }) => state.ended)).toBe(false);
  expect(await attemptsOf(platform, id)).toEqual([]);
  await Promise.all(sessions.map(({ end }) => end()));
  await over("IdleInTransaction");
});
