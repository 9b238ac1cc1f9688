import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import pg from "pg";
import type { Running } from "../src/process/lifecycle.ts";
import { connectionTo, eventually, type Platform } from "./platform.ts";
import { giveAway } from "./programs.ts";
import {
  attemptsOf,
  endedIn,
  fires,
  forget,
  incidentsOf,
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
let responder: Running;

beforeAll(async () => {
  world = await startWorld();
  ({ platform, signals } = world);
  responder = await platform.responder(world.env("spool"));
});
afterAll(() => world?.stop());

const ended = (alert: string, state?: string) => endedIn(platform, alert, state);
const anew = (alert: string) => forget(platform, alert);

describe("the write-ahead log", () => {
  const alert = "WalPilesUp";
  /** Gives the rows of the last statement. */
  const superuser = async (...statements: string[]) => {
    const client = new pg.Client({ ...connectionTo(platform.servers), user: "postgres" });
    await client.connect();
    let rows: object[] = [];
    for (const sql of statements) ({ rows } = await client.query(sql));
    await client.end();
    return rows;
  };
  const FILE = ["SELECT pg_logical_emit_message(false, 'test', 'x')", "SELECT pg_switch_wal()"];
  /** The archiver takes a new setting with the next file; each one wakes it. */
  const archiverSays = (what: string) =>
    eventually(async () => {
      if ((await platform.sql(`SELECT FROM pg_stat_archiver WHERE ${what}`)).length === 1) return;
      await superuser(...FILE);
      await new Promise((resolve) => setTimeout(resolve, 500));
      throw new Error(`the archiver does not say ${what}`);
    }, 60_000);
  const onDisk = async () =>
    (await platform.sql<{ name: string }>("SELECT name FROM pg_ls_waldir() ORDER BY name")).map(({ name }) => name);
  let store: string;

  beforeAll(async () => {
    store = join(platform.servers.folder, "wal-store");
    mkdirSync(store);
    giveAway(store);
    await superuser(
      "GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO media",
      "ALTER SYSTEM SET archive_mode = on",
      `ALTER SYSTEM SET archive_command = 'cp %p ${store}/%f'`,
      "ALTER SYSTEM SET max_wal_size = '32MB'",
      "ALTER SYSTEM SET min_wal_size = '32MB'",
      "SELECT pg_create_physical_replication_slot('away', true)",
    );
    await platform.servers.kill("postgres");
    await platform.servers.restart("postgres");
    for (let n = 0; n < 8; n++) await superuser(...FILE);
  });
  beforeEach(() => anew(alert));
  const labels = { category: "database", pod: "postgres-0" };

  test("that a member holds which is away is not touched", async () => {
    let much = true;
    fires(signals, alert, { pod: "postgres-0" }, () => much);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(platform, alert)).toContain("members that are away hold the log: away");
    much = false;
    await ended(alert);
  });

  test("that the store does not take is not touched", async () => {
    await superuser(
      "SELECT pg_drop_replication_slot('away')",
      "ALTER SYSTEM SET archive_command = 'false'",
      "SELECT pg_reload_conf()",
    );
    await archiverSays("failed_count > 0");
    const before = await onDisk();
    let much = true;
    fires(signals, alert, { pod: "postgres-0" }, () => much);
    await send(responder, notificationOf(alert, {}, labels));
    expect(await refusalOf(platform, alert)).toContain("the backup store did not take the last file");
    expect(await onDisk()).toEqual(expect.arrayContaining(before));
    much = false;
    await ended(alert);
    await superuser(`ALTER SYSTEM SET archive_command = 'cp %p ${store}/%f'`, "SELECT pg_reload_conf()");
  });

  test("is archived to its last file and recycled by PostgreSQL: each file that goes is in the store", async () => {
    await archiverSays("last_archived_time > last_failed_time");
    // Many that still wait for the store are a reason to refuse.
    await eventually(async () => {
      const waiting = "SELECT FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";
      expect(await superuser(waiting)).toEqual([]);
    }, 60_000);
    const before = await onDisk();
    let much = true;
    fires(signals, alert, { pod: "postgres-0" }, () => much);
    await send(responder, notificationOf(alert, {}, labels));
    const { id } = await eventually(async () => {
      const [incident] = await incidentsOf(platform, alert);
      expect(await attemptsOf(platform, incident?.id ?? "")).toEqual([{ playbook: "archive-wal", outcome: "done" }]);
      return incident as { id: string };
    }, 60_000);
    const after = await onDisk();
    const gone = before.filter((name) => !after.includes(name));
    expect(gone.length).toBeGreaterThan(0);
    expect(readdirSync(store)).toEqual(expect.arrayContaining(gone));
    much = false;
    expect((await ended(alert)).id).toBe(id);
  });
});
