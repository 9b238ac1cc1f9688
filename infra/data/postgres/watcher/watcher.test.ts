import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";

/** The watcher's decisions, which are functions of what they are told. */

/** Evaluates Python expressions with the watcher's modules at hand. Debian's Python has the library for PostgreSQL. */
function decide<T>(expression: string, facts: unknown = null): T {
  const program = `
import json, sys
from datetime import datetime
from member import Look
import credentials, restarts, standby, store
facts = json.load(sys.stdin)
print(json.dumps(${expression}))`;
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", STREAMS_FILE: "/nonexistent/streams" };
  const options = { cwd: import.meta.dirname, env, input: JSON.stringify(facts), encoding: "utf8" as const };
  return JSON.parse(execFileSync("/usr/bin/python3", ["-c", program], options)) as T;
}

describe("a member may answer", () => {
  const look = (recovering: boolean, streaming: boolean, age: number | null) =>
    `Look(${recovering ? "True" : "False"}, ${streaming ? "True" : "False"}, 1, 1, ${age ?? "None"})`;
  /** What it says after each of these looks, one after the other. */
  const verdicts = (...looks: string[]) =>
    decide<boolean[]>(`[(r.note(x), r.ready)[1] for r in [standby.Readiness(10.0)] for x in [${looks.join(", ")}]]`);

  test("as primary, and as a standby that streams", () => {
    expect(verdicts(look(false, false, null), look(true, true, 500))).toEqual([true, true]);
  });

  test("without a stream as long as what it has is young, and not again before it streams", () => {
    const cut = [look(true, true, 0), look(true, false, 3), look(true, false, 11), look(true, false, 2)];
    expect(verdicts(...cut, look(true, true, 2))).toEqual([true, true, false, false, true]);
  });

  test("as what follows another stack's store, however old its data is: an alert tells that", () => {
    expect(verdicts("Look(True, False, 1, 1, 5000, True)", look(true, false, 1))).toEqual([true, true]);
    expect(verdicts("Look(True, False, 1, 1, 5000, False)")).toEqual([false]);
  });

  test("not before its first stream, and not while PostgreSQL is silent", () => {
    expect(verdicts(look(true, false, 1), "None")).toEqual([false, false]);
  });
});

describe("a standby is rebuilt", () => {
  const patience = (look: string, state: string) => decide<number | null>(`standby.patience(${look}, "${state}")`);

  test("after a bound that depends on what it does; never while it streams, is made or is primary", () => {
    expect(patience("Look(True, True, 1, 1, 0)", "running")).toBeNull();
    expect(patience("Look(False, False, 1, 1, 0)", "running")).toBeNull();
    expect(patience("None", "creating replica")).toBeNull();
    expect(patience("Look(True, False, 1, 1, 500, True)", "running")).toBeNull();
    expect(patience("Look(True, False, 1, 1, 0)", "running")).toBe(60);
    expect(patience("None", "start failed")).toBe(120);
    expect(patience("None", "starting")).toBe(900);
  });

  test("counted from its last progress", () => {
    const notes =
      "[(p.note(0, 1), p.note(50, 1), p.note(55, 2), p.note(100, 2), p.note(101, 2, True)) for p in [standby.Progress(0)]][0]";
    expect(decide(notes)).toEqual([0, 50, 0, 45, 0]);
  });

  test("never without a leader that runs, and never while the cluster is paused", () => {
    const rebuild = (cluster: unknown) => decide<boolean>("standby.rebuild(None, facts, print)", cluster);
    const leader = { name: "a", role: "leader", state: "running", host: "127.0.0.1", port: 1 };
    expect(rebuild({ members: [] })).toBe(false);
    expect(rebuild({ members: [{ ...leader, state: "stopping" }] })).toBe(false);
    expect(rebuild({ pause: true, members: [leader] })).toBe(false);
  });
});

test("a cluster that does not follow is never told to; one that does is, and is promoted", () => {
  const share = (settings: unknown, follows: boolean) =>
    decide("credentials.to_share(facts[0], facts[1])", [settings, follows]);
  const follow = { ttl: 20, standby_cluster: { restore_command: "x" } };
  expect(share(follow, false)).toEqual({ ttl: 20 });
  expect(share(follow, true)).toEqual(follow);
  for (const follows of [true, false])
    expect(share({ ...follow, standby_cluster: null }, follows)).toEqual({ ttl: 20, standby_cluster: null });
});

describe("after the loss of all volumes", () => {
  const state = (received: number, replayed: number, more = {}) => ({
    role: "replica",
    state: "running",
    xlog: { received_location: received, replayed_location: replayed },
    ...more,
  });
  const furthest = (states: Record<string, unknown>, members = 2) =>
    decide<string | null>(`standby.furthest("b", ${members}, facts)`, states);

  test("the member that got furthest leads, the first by name of equals", () => {
    expect(furthest({ a: state(0, 5), b: state(7, 6) })).toBe("b");
    expect(furthest({ b: state(0, 6), a: state(0, 6) })).toBe("a");
  });

  test("no member leads while a member is missing, is not a standby or does not run: it may have more", () => {
    expect(furthest({ b: state(0, 6) })).toBeNull();
    expect(furthest({ a: state(0, 5), b: state(0, 6) }, 3)).toBeNull();
    expect(furthest({ a: state(0, 5, { role: "primary" }), b: state(0, 6) })).toBeNull();
    expect(furthest({ a: state(0, 5, { state: "starting" }), b: state(0, 6) })).toBeNull();
  });
});

describe("settings that need a restart", () => {
  const member = (
    name: string,
    role: string,
    pending = false,
    state = role === "leader" ? "running" : "streaming",
  ) => ({
    name,
    role,
    state,
    ...(pending ? { pending_restart: true } : {}),
  });
  const step = (members: unknown[], tries = {}, more = {}) =>
    decide("restarts.next_step(facts['cluster'], facts['tries'])", { cluster: { members, ...more }, tries });

  test("replicas first, one by one; then a switchover, which restarts the old primary", () => {
    const [primary, one, two] = [
      member("c", "leader", true),
      member("a", "sync_standby", true),
      member("b", "replica", true),
    ];
    expect(step([primary, one, two])).toEqual(["restart", "a"]);
    expect(step([primary, member("a", "sync_standby"), two])).toEqual(["restart", "b"]);
    expect(step([primary, member("a", "sync_standby"), member("b", "replica")])).toEqual(["switchover", "a"]);
    expect(step([member("c", "leader"), member("a", "sync_standby")])).toBeNull();
  });

  test("a smaller value, which a replica cannot have before its primary: that one is restarted in place, then the replica", () => {
    const both = [member("c", "leader", true), member("a", "sync_standby", true)];
    expect(step(both, { a: 1 })).toEqual(["restart", "c"]);
    expect(step([member("c", "leader"), member("a", "sync_standby", true)], { c: 1 })).toEqual(["restart", "a"]);
    // And that is all: no member is restarted for ever.
    expect(step(both, { a: 1, c: 1 })).toBeNull();
  });

  test("nothing while a member does not stream, there is no leader, or the cluster is paused", () => {
    const primary = member("c", "leader", true);
    expect(step([primary, member("a", "replica", true), member("b", "replica", false, "running")])).toBeNull();
    expect(step([member("a", "replica", true)])).toBeNull();
    expect(step([primary, member("a", "replica", true)], {}, { pause: true })).toBeNull();
    expect(step([primary])).toEqual(["restart", "c"]);
  });

  test("in the hours of maintenance", () => {
    const at = (hours: string, hour: number) =>
      decide<boolean>(`restarts.within("${hours}", datetime(2026, 1, 1, ${hour}))`);
    expect([0, 23].map((hour) => at("0-24", hour))).toEqual([true, true]);
    expect([1, 2, 4, 5].map((hour) => at("2-5", hour))).toEqual([false, true, true, false]);
    expect([21, 22, 3, 4].map((hour) => at("22-4", hour))).toEqual([false, true, true, false]);
  });
});

describe("what the store has", () => {
  const backup = (stop: string, size: number) => ({ archive: { stop }, info: { size }, timestamp: { stop: 9 } });
  const segment = (number: number) => `00000001${"0".repeat(13)}${number.toString(16).toUpperCase().padStart(3, "0")}`;

  test("a standby comes from it where less was written since the backup than the database is big", () => {
    const isLess = (written: number, size: number) =>
      decide<boolean>("store.is_less_work(facts)", [
        { backup: [backup(segment(16), size)], archive: [{ max: segment(16 + written) }] },
      ]);
    expect(isLess(3, 48 * 1024 * 1024)).toBe(true);
    expect(isLess(4, 48 * 1024 * 1024)).toBe(false);
    expect(decide("store.is_less_work(facts)", [{ archive: [], backup: [] }])).toBe(false);
  });

  test("segments are counted over the borders of their log files", () => {
    expect(decide("store.segment_number('0000000300000002000000FF')")).toBe(2 * 256 + 255);
  });

  test("backups that ended have their manifest; one that was cut off counts for nothing", () => {
    const has = (...paths: string[]) =>
      decide<boolean>("store.has_backups(facts)", Object.fromEntries(paths.map((path) => [path, {}])));
    expect(has("20260101-000000F/backup.manifest", "latest")).toBe(true);
    expect(has("20260101-000000F/backup.manifest.copy", "20260101-000000F/pg_data/x.zst", "backup.info")).toBe(false);
    expect(has()).toBe(false);
  });
});
