import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../test/platform.ts";
import { incidentsOf, notificationOf, plantIdleSession, send, type World } from "../../test/responder-world.ts";
import type { Row } from "../main.ts";
import { tell } from "../rounds.ts";
import { responderOf, WHERE } from "./responder.ts";

/** While one of them is away, an incident opens and comes to people or to its mend, and nothing is mended blindly. */
export async function outages(world: World): Promise<Row[]> {
  const { platform, signals } = world;
  const quick = { QUIET_SECONDS: "2" };
  const { httpPort } = await responderOf(world, "bench-outages", quick);
  const stateIs = (alert: string, state: string, withinMs: number) =>
    eventually(async () => {
      const [incident] = await incidentsOf(platform, alert);
      if (incident?.state !== state) throw new Error(`${alert} is ${incident?.state}, not ${state}`);
    }, withinMs);
  const cases: Record<string, () => Promise<void>> = {
    async PostgreSQL() {
      await platform.servers.kill("postgres");
      await send({ httpPort }, notificationOf("AwayPostgres", {}, { severity: "critical" }));
      await eventually(() => {
        if (!signals.told.some(({ labels }) => labels.alertname === "ResponderWithoutDatabase"))
          throw new Error("people were not told");
      }, 60_000);
      await platform.servers.restart("postgres");
      await stateIs("AwayPostgres", "escalated", 60_000);
    },
    async Prometheus() {
      const session = await plantIdleSession(platform);
      await sleep(1_500);
      signals.away.add("prometheus");
      await send({ httpPort }, notificationOf("IdleInTransaction"));
      await stateIs("IdleInTransaction", "escalated", 150_000);
      signals.away.delete("prometheus");
      const ended = session.state.ended;
      await session.end();
      if (ended) throw new Error("it was mended blindly");
      await stateIs("IdleInTransaction", "closed", 60_000);
    },
    Loki: () => mended("loki"),
    Redis: () => mended("redis"),
  };
  const mended = async (away: "loki" | "redis") => {
    const session = await plantIdleSession(platform);
    await sleep(1_500);
    await platform.sql("UPDATE incident_attempts SET begun_at = begun_at - interval '1 day'");
    if (away === "redis") await platform.servers.kill("cache");
    else signals.away.add(away);
    await send({ httpPort }, notificationOf("IdleInTransaction"));
    await stateIs("IdleInTransaction", "closed", 90_000);
    if (!session.state.ended) throw new Error("it was not mended");
    if (away === "redis") await platform.servers.restart("cache");
    else signals.away.delete(away);
    await session.end();
  };
  const values: number[] = [];
  for (const [name, run] of Object.entries(cases)) {
    const wrong = await run().then(
      () => 0,
      (error: unknown) => {
        tell(`${name} away: ${error}`);
        return 1;
      },
    );
    values.push(wrong);
    tell(`${name} away: ${wrong === 0 ? "well" : "wrong"}`);
  }
  const name = `${WHERE} incidents lost, not told or mended blindly while ${Object.keys(cases).join(", ")} is away`;
  return [{ name, unit: "cases", bound: 0, values }];
}
