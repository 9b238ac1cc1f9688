import { jest } from "@jest/globals";
import type { Running } from "../src/process/lifecycle.ts";
import { post } from "./calls.ts";
import { eventually, type Platform } from "./platform.ts";
import {
  attemptsOf,
  fires,
  incidentIn,
  incidentsOf,
  notificationOf,
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
let api: Running;
let responder: Running;

beforeAll(async () => {
  world = await startWorld();
  ({ platform, signals, api } = world);
  responder = await platform.responder(world.env("spool"));
});
afterAll(() => world?.stop());

const ended = (alert: string, state = "closed") => incidentIn(platform, alert, state, 30_000);

test("a stuck pod of a Deployment is deleted, and no other", async () => {
  signals.pods.push(
    { name: "api-1", workload: "api", ready: false },
    { name: "api-2", workload: "api", ready: false },
    { name: "postgres-0", workload: "postgres", ready: false },
  );
  fires(signals, "PodNotReady", { pod: "api-1" }, () => signals.pods.some(({ name }) => name === "api-1"));
  await send(responder, notificationOf("PodNotReady", {}, { category: "infrastructure", pod: "api-1" }));
  await ended("PodNotReady");
  expect(signals.deleted).toEqual(["api-1"]);
});

test("a pod that holds data is not touched: a person has to look", async () => {
  fires(signals, "PodNotReady", { pod: "postgres-0" }, () => signals.pods.some(({ name }) => name === "postgres-0"));
  await send(responder, notificationOf("PodNotReady", {}, { category: "infrastructure", pod: "postgres-0" }));
  // Its cooldown is two minutes: for this test it is over.
  await platform.sql("UPDATE incident_attempts SET begun_at = begun_at - interval '10 minutes'");
  await eventually(async () => {
    await platform.sql("UPDATE incidents SET due_at = now() WHERE state = 'remediating'");
    expect((await incidentsOf(platform, "PodNotReady"))[0]?.state).toBe("escalated");
  }, 30_000);
  expect(signals.deleted).toEqual(["api-1"]);
  signals.pods.length = 0;
});

test("under load one pod is added, and taken away when it is over", async () => {
  let loaded = true;
  fires(signals, "QueueDelayed", { pod: "x" }, () => loaded);
  await send(responder, notificationOf("QueueDelayed", {}, { category: "business", pod: "x" }));
  await eventually(() => expect(signals.replicas.get("worker")).toBe(2));
  loaded = false;
  const { id, post_mortem } = await ended("QueueDelayed");
  expect(signals.replicas.get("worker")).toBe(1);
  expect(await attemptsOf(platform, id)).toEqual([{ playbook: "scale-out", outcome: "done" }]);
  expect(post_mortem).toContain("goes back to 1 replicas");
});

test("of a Deployment with an autoscaler the autoscaler's least is raised, and put back", async () => {
  signals.autoscalers.set("worker", 1);
  await platform.sql("UPDATE incident_attempts SET begun_at = begun_at - interval '10 minutes'");
  let loaded = true;
  fires(signals, "QueueDelayed", { pod: "x" }, () => loaded);
  await send(responder, notificationOf("QueueDelayed", {}, { category: "business", pod: "x" }));
  await eventually(() => expect(signals.autoscalers.get("worker")).toBe(2));
  expect(signals.replicas.get("worker")).toBe(1);
  loaded = false;
  await ended("QueueDelayed");
  expect([signals.autoscalers.get("worker"), signals.replicas.get("worker")]).toEqual([1, 1]);
  signals.autoscalers.clear();
});

test("at the tier's maximum it does not scale out", async () => {
  signals.replicas.set("worker", 2);
  let loaded = true;
  fires(signals, "QueueDelayed", { pod: "x" }, () => loaded);
  await platform.sql("UPDATE incident_attempts SET begun_at = begun_at - interval '10 minutes'");
  await send(responder, notificationOf("QueueDelayed", {}, { category: "business", pod: "x" }));
  const { id } = await ended("QueueDelayed", "escalated");
  expect([signals.replicas.get("worker"), await attemptsOf(platform, id)]).toEqual([2, []]);
  loaded = false;
});

test("a statement that runs away is cancelled; its session stays", async () => {
  const session = await plantIdleSession(platform);
  const { sql } = platform;
  const running = "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'";
  const cancelled = sql("SELECT pg_sleep(60)").then(
    () => "ended",
    (error: Error) => error.message,
  );
  await eventually(async () => expect(await sql(running)).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  signals.rules.set("QueryRunsLong", { query: "QueryRunsLong", duration: 0 });
  signals.samples.set("QueryRunsLong", async () => ((await sql(running)).length > 0 ? [{ pod: "postgres-0" }] : []));
  await send(responder, notificationOf("QueryRunsLong"));
  expect(await cancelled).toContain("canceling statement");
  await ended("QueryRunsLong");
  expect(session.state.ended).toBe(false);
  await session.end();
});

test("while Overseerr is down its queues are held, so that no job is given up; they go on when it is back", async () => {
  await platform.worker();
  let down = true;
  const { sql } = platform;
  const stateOf = async (id: string) =>
    (await sql<{ status: string }>("SELECT status FROM requests WHERE id = $1", [id]))[0]?.status;
  signals.rules.set("OutsideServiceDown", { query: "OutsideServiceDown", duration: 0 });
  signals.samples.set("OutsideServiceDown", async () => (down ? [{ service: "overseerr" }] : []));
  await send(responder, notificationOf("OutsideServiceDown", {}, { category: "business", service: "overseerr" }));
  await eventually(async () => expect(await sql("SELECT FROM paused_queues WHERE until > now()")).toHaveLength(2));
  // A look of the worker.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { body } = await post(api.httpPort, { mediaType: "movie", tmdbId: 603 });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(["pending", "approved"]).toContain(await stateOf(body.id));
  down = false;
  await ended("OutsideServiceDown");
  expect(await sql("SELECT FROM paused_queues")).toEqual([]);
  await eventually(async () => expect(await stateOf(body.id)).toBe("available"), 30_000);
});

test("of an upstream whose jobs it does not know it holds nothing", async () => {
  signals.samples.set("OutsideServiceDown", [{ service: "plex" }]);
  await send(responder, notificationOf("OutsideServiceDown", {}, { category: "business", service: "plex" }));
  await ended("OutsideServiceDown", "review");
  expect(await platform.sql("SELECT FROM paused_queues")).toEqual([]);
});

test("the api does not answer after a rollout: the rollout is taken back, once", async () => {
  signals.rollouts.push({ at: "2026-01-01T00:00:00Z", image: "good" });
  signals.rollouts.push({ at: new Date().toISOString(), image: "bad" });
  fires(signals, "ServiceDown", { pod: "x" }, () => signals.rollouts.at(-1)?.image === "bad");
  await send(responder, notificationOf("ServiceDown", {}, { category: "application", pod: "x" }));
  const { id } = await ended("ServiceDown");
  expect(signals.rollouts.map(({ image }) => image)).toEqual(["good", "bad", "good"]);
  expect(await attemptsOf(platform, id)).toEqual([{ playbook: "roll-back-rollout", outcome: "done" }]);
});

test("a rollout that has been well for long is not taken back: a person has to look", async () => {
  signals.rollouts.splice(
    0,
    9,
    { at: "2026-01-01T00:00:00Z", image: "old" },
    { at: "2026-01-02T00:00:00Z", image: "well" },
  );
  await platform.sql("DELETE FROM incidents WHERE alert = 'ServiceDown'");
  let down = true;
  fires(signals, "ServiceDown", { pod: "x" }, () => down);
  await send(responder, notificationOf("ServiceDown", {}, { category: "application", pod: "x" }));
  await ended("ServiceDown", "escalated");
  expect(signals.rollouts).toHaveLength(2);
  down = false;
});

test("a standby that receives nothing is made anew; a primary and the last member never are", async () => {
  const member = (name: string, role: string, ready = true) => ({
    name,
    workload: "postgres",
    ready,
    role,
    owner: "StatefulSet",
  });
  signals.deleted.length = 0;
  signals.pods.splice(0, 9, member("postgres-0", "primary"), member("postgres-1", "replica"));
  let cutOff = true;
  fires(signals, "StandbyCutOff", { pod: "postgres-1" }, () => cutOff);
  await send(responder, notificationOf("StandbyCutOff", {}, { category: "database", pod: "postgres-1" }));
  await eventually(() => expect(signals.deleted).toEqual(["data-postgres-1", "postgres-1"]), 30_000);
  // Kubernetes brings it back, later than the try waits for it.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  signals.pods.push(member("postgres-1", "replica"));
  cutOff = false;
  const { id } = await ended("StandbyCutOff");
  expect(await attemptsOf(platform, id)).toEqual([{ playbook: "rebuild-standby", outcome: "done" }]);
  // The controls: without a primary that is ready, and for the primary itself.
  for (const pods of [
    [member("postgres-0", "primary", false), member("postgres-1", "replica")],
    [member("postgres-1", "primary")],
  ]) {
    signals.pods.splice(0, 9, ...pods);
    await platform.sql("DELETE FROM incidents WHERE alert = 'StandbyCutOff'");
    cutOff = true;
    await send(responder, notificationOf("StandbyCutOff", {}, { category: "database", pod: "postgres-1" }));
    await ended("StandbyCutOff", "escalated");
    cutOff = false;
  }
  expect(signals.deleted).toEqual(["data-postgres-1", "postgres-1"]);
  signals.pods.length = 0;
});

test("500 alerts at once are one incident for each name", async () => {
  const one = notificationOf("NodeDiskHigh", {}, { category: "infrastructure" });
  const alerts = Array.from({ length: 500 }, (_, n) => ({
    ...one.alerts[0],
    labels: { ...one.alerts[0]?.labels, instance: `i${n}` },
    fingerprint: `many${n}`,
  }));
  const started = performance.now();
  expect((await send(responder, { ...one, alerts })).status).toBe(200);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(await incidentsOf(platform, "NodeDiskHigh")).toHaveLength(1);
});
