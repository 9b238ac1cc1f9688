import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";
import { parse } from "yaml";
import { readBeside } from "../../lib/files.ts";
import { LOGIN, TwoStacks } from "./standby.fixtures.ts";
import { until } from "./standby-files.fixtures.ts";

/**
 * A primary that archives, and a stack that follows its store: PostgreSQL, pgBackRest and Patroni of Debian, with the plan's
 * settings and scripts and the watcher. Patroni keeps its state in files of its own here, not in Kubernetes.
 */

const MINUTE = 60_000;
const SECONDS = 45;
let stacks: TwoStacks;
const { pg_followed } = parse(readBeside(import.meta.url, "queries.yaml")) as { pg_followed: { query: string } };

beforeAll(async () => {
  stacks = await TwoStacks.start();
  await until("the source", SECONDS, () => stacks.sql("source", "select 1") === "1");
  // As every stack has it: roles come with the source.
  stacks.sql("source", "create role media");
  stacks.sql("source", "create database media owner media");
  stacks.sql("source", "create table films (title text)", "media");
  stacks.pgbackrest("source", "stanza-create");
  stacks.pgbackrest("source", "--type=full", "backup");
  await stacks.startStandby();
}, 3 * MINUTE);
afterAll(() => stacks?.stop(), MINUTE);

/** A row of the source, and the segment of its log, which is handed to the archive. */
function write(title: string): string {
  stacks.sql("source", `insert into films values ('${title}')`, "media");
  const segment = stacks.sql("source", "select pg_walfile_name(pg_current_wal_lsn())");
  stacks.sql("source", "select pg_switch_wal()");
  return segment;
}
const has = (title: string) =>
  stacks.sql("standby", `select count(*) from films where title = '${title}'`, "media") === "1";
/** What the exporter tells as pg_followed_age_seconds; nothing on a stack that follows none. */
const age = () => stacks.sql("standby", pg_followed.query);
/** A file that is whole: pgBackRest writes under another name, and an end of the source would leave it there. */
const archived = (repository: string, name: string) =>
  (readdirSync(stacks.at(repository, "archive"), { recursive: true }) as string[]).find(
    (file) => file.includes(name) && !file.endsWith(".tmp"),
  );
/** The age of what was committed at that time or later is less, however slow the machine is. */
const since = (from: number) => (Date.now() - from) / 1000 + 1;
const told = (text: string) => stacks.log.includes(text);

test(
  "rows of the source appear from its store alone; the standby is ready, leads, and refuses writes",
  async () => {
    const from = Date.now();
    write("first");
    await until("the first row", 90, () => has("first"));
    expect(() => stacks.sql("standby", "insert into films values ('no')", "media")).toThrow(/read-only transaction/);
    await until("the watcher", SECONDS, async () => (await stacks.verdict()).ready);
    expect(await stacks.verdict()).toEqual({ ready: true, reason: "follows another stack's store" });
    await until("a leader", SECONDS, async () => (await stacks.status("/leader")) === 200);
    expect(await stacks.status("/primary")).toBe(503);
    expect(Number(age())).toBeLessThan(since(from));
    // Roles come with the source: none is made while it follows.
    expect(told("roles applied")).toBe(false);
  },
  3 * MINUTE,
);

test(
  "negative control: a segment is missing in the store, and the standby does not claim to be in step; with it, it is",
  async () => {
    const from = Date.now();
    await stacks.answers(1, false);
    const missing = write("missing");
    write("after");
    await until("the archive", SECONDS, () => archived("source-repo", missing) !== undefined);
    const file = stacks.at("source-repo", "archive", archived("source-repo", missing) as string);
    renameSync(file, stacks.at("kept"));
    await stacks.answers(1, true);
    const before = Number(age());
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect([has("missing"), has("after")]).toEqual([false, false]);
    expect(Number(age()) - before).toBeGreaterThan(11);
    renameSync(stacks.at("kept"), file);
    await until("both rows", SECONDS, () => has("missing") && has("after"));
    expect(Number(age())).toBeLessThan(since(from));
  },
  3 * MINUTE,
);

test(
  "promotion by the settings: what was archived is there, roles are this stack's, writes go to its own store",
  async () => {
    const last = write("last");
    await until("the archive", SECONDS, () => archived("source-repo", last) !== undefined);
    stacks.stopSource();
    stacks.configure(false);
    await until("a primary", 90, async () => (await stacks.status("/primary")) === 200);
    for (const title of ["first", "missing", "after", "last"]) expect([title, has(title)]).toEqual([title, true]);
    await until("the roles", SECONDS, () => told("roles applied"));
    const client = new pg.Client({ host: "127.0.0.1", port: stacks.port, database: "media", ...LOGIN });
    await client.connect();
    await client.query("create table mine (id int)").finally(() => client.end());
    expect(stacks.sql("standby", "select timeline_id from pg_control_checkpoint()")).not.toBe("1");
    expect(age()).toBe("");
    stacks.pgbackrest("own", "stanza-create");
    stacks.pgbackrest("own", "check");
    expect(archived("own-repo", "0000000200000000")).toBeDefined();
    expect(archived("source-repo", "0000000200000000")).toBeUndefined();
  },
  4 * MINUTE,
);

test(
  "negative control: a stack with a primary is told to follow, and goes on taking writes",
  async () => {
    stacks.configure(true);
    await until("the refusal", 60, () => told("REFUSED to follow"));
    const config = await (await fetch(`${stacks.api}/config`)).json();
    expect(config).not.toHaveProperty("standby_cluster");
    stacks.sql("standby", "insert into films values ('still')", "media");
    expect(has("still")).toBe(true);
    expect(existsSync(join(stacks.at("standby"), "standby.signal"))).toBe(false);
  },
  2 * MINUTE,
);
