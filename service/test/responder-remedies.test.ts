import { jest } from "@jest/globals";
import type { Running } from "../src/process/lifecycle.ts";
import { call } from "./calls.ts";
import { eventually, type Platform } from "./platform.ts";
import {
  attemptsOf,
  endedIn,
  fires,
  forget,
  notificationOf,
  refusalOf,
  send,
  startWorld,
  type World,
} from "./responder-world.ts";
import type { Signals } from "./signals.ts";

jest.setTimeout(120_000);

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

const ended = (alert: string, state?: string) => endedIn(platform, alert, state);
const anew = (alert: string) => forget(platform, alert);

describe("an upstream that answers slowly", () => {
  const alert = "OutsideServiceSlow";
  const told = (service: string) => notificationOf(alert, {}, { category: "business", service });
  const search = (query: string) => call(api.httpPort, `/api/v1/search?mediaType=movie&query=${query}`);

  test("has its breaker opened; it closes when the incident is over", async () => {
    expect((await search("matrix")).status).toBe(200);
    let slow = true;
    fires(signals, alert, { service: "tmdb" }, () => slow);
    await send(responder, told("tmdb"));
    const state = async () => String((await call(api.adminPort, "/metrics")).body);
    await eventually(async () => expect(await state()).toMatch(/media_circuit_state\{dependency="tmdb"\} 2/), 30_000);
    expect(await state()).toMatch(/media_circuit_state\{dependency="plex"\} 0/);
    // What is in the cache is answered as ever; what TMDB would have to be asked for is refused at once.
    expect((await search("matrix")).status).toBe(200);
    expect(await search("nemo")).toMatchObject({ status: 503, body: { dependency: "tmdb" } });
    slow = false;
    const { id, post_mortem } = await ended(alert);
    expect(await attemptsOf(platform, id)).toEqual([{ playbook: "open-breaker", outcome: "done" }]);
    expect(post_mortem).toContain("the breaker for tmdb may close");
    await eventually(async () => expect(await state()).toMatch(/media_circuit_state\{dependency="tmdb"\} 0/));
    expect((await search("nemo")).status).toBe(200);
  });

  test("is left alone where jobs would use up their tries", async () => {
    await anew(alert);
    let slow = true;
    fires(signals, alert, { service: "overseerr" }, () => slow);
    await send(responder, told("overseerr"));
    await ended(alert, "review");
    expect(await platform.sql("SELECT FROM opened_breakers")).toEqual([]);
    slow = false;
    await ended(alert);
  });
});

describe("the volumes of PostgreSQL", () => {
  const alert = "DatabaseVolumeHigh";
  const labels = { category: "database", pod: "postgres-0" };
  const sizes = () => Object.fromEntries(signals.claims);
  beforeEach(async () => {
    await anew(alert);
    signals.claims.clear();
    for (const name of ["data-postgres-0", "data-postgres-1", "data-redis-state-0"]) signals.claims.set(name, 5);
  });

  test("grow by half, those of all members to one size, and no other", async () => {
    signals.claims.set("data-postgres-1", 4);
    fires(signals, alert, { pod: "postgres-0" }, () => signals.claims.get("data-postgres-0") === 5);
    await send(responder, notificationOf(alert, {}, labels));
    const { id } = await ended(alert);
    expect(await attemptsOf(platform, id)).toEqual([{ playbook: "expand-volume", outcome: "done" }]);
    expect(sizes()).toEqual({ "data-postgres-0": 8, "data-postgres-1": 8, "data-redis-state-0": 5 });
  });

  test("grow to the tier's maximum, and not beyond it", async () => {
    let full = true;
    signals.claims.set("data-postgres-0", 9);
    fires(signals, alert, { pod: "postgres-0" }, () => full && signals.claims.get("data-postgres-0") === 9);
    await send(responder, notificationOf(alert, {}, labels));
    await ended(alert);
    expect(sizes()).toMatchObject({ "data-postgres-0": 10, "data-postgres-1": 10 });
    await anew(alert);
    fires(signals, alert, { pod: "postgres-0" }, () => full);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(platform, alert)).toContain("the volumes have the tier's maximum of 10 GiB");
    expect(sizes()).toMatchObject({ "data-postgres-0": 10, "data-postgres-1": 10 });
    full = false;
  });

  test("stay as they are where their class cannot grow", async () => {
    let full = true;
    signals.classGrows.value = false;
    fires(signals, alert, { pod: "postgres-0" }, () => full);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(platform, alert)).toMatch(/does not let data-postgres-0 grow: .*must support resize/);
    expect(sizes()).toEqual({ "data-postgres-0": 5, "data-postgres-1": 5, "data-redis-state-0": 5 });
    signals.classGrows.value = true;
    full = false;
  });
});
