import { eventually, type Platform } from "./platform.ts";
import {
  attemptsOf,
  incidentsOf,
  kindsOf,
  notificationOf,
  plantIdleSession,
  send,
  startWorld,
  type World,
} from "./responder-world.ts";
import type { Signals } from "./signals.ts";

/** Kills for the figure in docs/incidents.md: `KILLS=20`. */
const KILLS = Number(process.env.KILLS ?? 4);

let world: World;
let platform: Platform;
let signals: Signals;

beforeAll(async () => {
  world = await startWorld();
  ({ platform, signals } = world);
});
afterAll(() => world?.stop());

test("while PostgreSQL is away notifications wait on disk, people are told, and nothing is lost", async () => {
  const env = world.env("spool-outage");
  const first = await platform.responder(env);
  await platform.servers.kill("postgres");
  const waiting = ["WaitsOne", "WaitsTwo", "WaitsTwo"].map((name) => notificationOf(name));
  for (const notification of waiting) expect((await send(first, notification)).status).toBe(202);
  await eventually(() =>
    expect(signals.told.map(({ labels }) => labels.alertname)).toContain("ResponderWithoutDatabase"),
  );
  // Its own restart loses none of them.
  await first.drain();
  const second = await platform.responder(env);
  await platform.servers.restart("postgres");
  await eventually(async () => {
    expect(await incidentsOf(platform, "WaitsOne")).toHaveLength(1);
    expect(await incidentsOf(platform, "WaitsTwo")).toHaveLength(1);
  }, 30_000);
  expect((await send(second, waiting[0])).status).toBe(200);
  expect(await incidentsOf(platform, "WaitsOne")).toHaveLength(1);
  await second.drain();
}, 90_000);

test(
  "killed at any moment of a remediation, the action is done once or not begun, and the incident comes to its end",
  async () => {
    const env = world.env("spool-kills");
    for (let n = 0; n < KILLS; n++) {
      const session = await plantIdleSession(platform);
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      const victim = platform.spawn("responder", { ...env, HTTP_PORT: "0" });
      const { httpPort } = (await victim.logged("started")) as { httpPort: number };
      const notification = notificationOf("IdleInTransaction");
      await send({ httpPort }, notification);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      victim.child.kill("SIGKILL");
      await victim.exit;
      // The lease of the dead process ends.
      await platform.sql("UPDATE incidents SET lease_until = now() WHERE state <> 'closed' AND lease_until > now()");
      const next = platform.spawn("responder", env);
      await next.logged("started");
      const { id } = await eventually(async () => {
        const [incident] = await incidentsOf(platform, "IdleInTransaction");
        expect(incident?.state).toBe("closed");
        return incident as { id: string };
      }, 40_000);
      const attempts = await attemptsOf(platform, id);
      expect(attempts.length).toBeGreaterThanOrEqual(1);
      // Each action has its line before it begins; none is without an end.
      expect(attempts.every(({ outcome }) => outcome !== null)).toBe(true);
      expect((await kindsOf(platform, id)).filter((kind) => kind === "attempt")).toHaveLength(attempts.length);
      expect(attempts.filter(({ outcome }) => outcome === "done").length).toBeLessThanOrEqual(1);
      expect(session.state.ended).toBe(true);
      next.child.kill("SIGKILL");
      await next.exit;
    }
    expect(await platform.sql("SELECT FROM incidents WHERE alert = 'IdleInTransaction' AND state <> 'closed'")).toEqual(
      [],
    );
  },
  KILLS * 60_000,
);
