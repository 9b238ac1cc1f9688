import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { callGraph } from "../profiling/call-graph.ts";
import { flameGraph } from "../profiling/flame.ts";
import { framesOfCpu, framesOfFolded, ownerOf, spotsOf } from "../profiling/frames.ts";
import { connect, type Inspector } from "../profiling/inspector.ts";
import { targetFor } from "../profiling/kinds.ts";
import { profileCpu, profileMemory } from "../profiling/node.ts";
import { profilePage } from "../profiling/page.ts";
import { ioWords, networkWords, parseProc } from "../profiling/proc.ts";
import { commandsOf, largeKeys } from "../profiling/redis.ts";
import { missingIndexes } from "../profiling/sql.ts";

describe("of a process with a planted hot function and a planted leak", () => {
  let child: ChildProcess;
  let inspector: Inspector;

  beforeAll(async () => {
    child = spawn(process.execPath, [join(import.meta.dirname, "hot.js")], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const session = await connect(line.toString().trim());
    inspector = { send: session.send, close: async () => session.close() };
  });

  afterAll(async () => {
    await inspector.close();
    child.kill();
  });

  test("the CPU profile names the hot function first, and draws it", async () => {
    const { words, flame, sections, raw } = await profileCpu(inspector, "a test", 2);
    expect(words[3]).toMatch(/^ {2}plantedHotFunction, .*hot\.js:\d+: .* itself \((8|9)\d\.\d %\)/);
    expect(flame).toMatch(/^<svg .*plantedHotFunction.*<\/svg>$/s);
    expect(JSON.parse(raw.text)).toHaveProperty("samples");
    const page = profilePage("a test", [], sections);
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).not.toMatch(/src=|href="http/);
  }, 20_000);

  test("the memory profile names what leaks, and where it is allocated", async () => {
    const { words } = await profileMemory(inspector, "a test", 4);
    const suspects = words.slice(words.indexOf("may leak:") + 1).join("\n");
    expect(suspects).toMatch(/(Leaked|plantedLeak), .*hot\.js:\d+: holds [\d.]+ MiB/);
    expect(suspects).not.toContain("plantedHotFunction");
  }, 30_000);
});

const call = (functionName: string, url = "file:///app/service/src/a.ts", lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
});

describe("a tree of stacks", () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: call("(root)", ""), children: [2, 5, 6] },
      { id: 2, callFrame: call("outer"), children: [3, 4] },
      { id: 3, callFrame: call("inner") },
      { id: 4, callFrame: call("outer"), children: [] },
      { id: 5, callFrame: call("(idle)", "") },
      { id: 6, callFrame: call("(garbage collector)", "") },
    ],
    startTime: 0,
    endTime: 1_000,
    samples: [2, 3, 3, 4, 5, 6],
    timeDeltas: [100, 100, 100, 100, 500, 100],
  };

  test("has each function's time, without what is idle", () => {
    const { root, idleUs } = framesOfCpu(profile);
    expect([root.total, idleUs]).toEqual([500, 500]);
    const spots = spotsOf(root).map(({ name, self, total }) => [name, self, total]);
    // A function that calls itself is on the stack once.
    expect(spots).toEqual([
      ["outer", 200, 400],
      ["inner", 200, 200],
      ["(garbage collector)", 100, 100],
    ]);
  });

  test("is drawn with names that could be markup", () => {
    const root = framesOfFolded(['a;<b> & "c" 3', "a;d 1"]);
    expect(root.total).toBe(4);
    for (const svg of [flameGraph(root, "t", String), callGraph(root, "t", String)]) {
      expect(svg).toContain("&lt;b&gt; &amp; &quot;c&quot;");
      expect(svg).not.toContain("<b>");
    }
  });

  test.each([
    ["service/src/http/app.ts:3", "service"],
    ["node_modules/pg/lib/client.js:9", "pg"],
    ["node_modules/@opentelemetry/api/build/x.js:1", "@opentelemetry/api"],
    ["node:net:12", "node"],
    ["V8", "V8"],
  ])("%s is code of %s", (where, owner) => expect(ownerOf(where)).toBe(owner));
});

describe("what cannot be profiled is said, with what can:", () => {
  test.each([
    ["cpu", "postgres", /it is no Node\.js process[\s\S]*KIND=sql/],
    ["memory", "redis-cache", /KIND=redis/],
    ["cpu", "gateway", /KIND=native \(perf\)/],
    ["sql", "api", /TARGET=postgres/],
    ["heap", "api", /no kind of profile is called "heap"/],
    ["cpu", "nothing", /"nothing" cannot be profiled/],
  ])("%s of %s", (kind, target, message) => expect(() => targetFor(kind, target)).toThrow(message));

  test("and what can be is not refused", () => {
    for (const [kind, target] of [
      ["cpu", "api"],
      ["memory", "worker"],
      ["io", "postgres"],
      ["network", "gateway"],
      ["sql", "postgres"],
      ["redis", "redis-state"],
    ] as const)
      expect(targetFor(kind, target).kind).toBe(kind);
  });
});

const proc = (rchar: number, sent: number, again: number) =>
  [
    `rchar: ${rchar}\nwchar: 10\nsyscr: ${Math.round(rchar / 100)}\nsyscw: 1\nread_bytes: 0\nwrite_bytes: 0\n`,
    "Inter-|   Receive  |  Transmit\n    lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\n  eth0: 1048576 5 0 1 0 0 0 0 2048 5 0 0 0 0 0 0\n",
    `Tcp: RtoAlgorithm OutSegs RetransSegs\nTcp: 1 ${sent} ${again}\n`,
    "  sl  local_address rem_address   st tx_queue rx_queue\n   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:0\n   1: 0100007F:1F90 0200C6C6:C350 01 00000010:00000000 00:0\n   2: 0100007F:C351 0300C6C6:1538 01 00000000:00000000 00:0\n",
    "",
    "socket:[1]\nsocket:[2]\n/dev/null\n",
  ].join("=====\n");

test("/proc tells what was read, who is connected, and what was sent again", () => {
  const [before, after] = [parseProc(proc(0, 100, 0)), parseProc(proc(10_485_760, 300, 2))];
  expect(ioWords(before, after, 10)[0]).toBe("read 1.00 MiB/s in 10486 calls/s, of which 0.0 KiB/s came from a disk");
  expect(ioWords(before, after, 10)[2]).toBe("3 open files, 2 of them sockets");
  const words = networkWords(before, after, 10, new Map([["198.198.0.3", "service pgbouncer"]]));
  expect(words).toContain("2 of 200 TCP segments were sent again (1.00 %)");
  expect(words).toContain("1 connections had bytes that were not yet sent or not yet read");
  expect(words).toContain("1 × established: to service pgbouncer, port 5432");
  expect(words).toContain("1 × established: 198.198.0.2 to our port 8080");
});

test("an index is missing only where scans read many rows", () => {
  const table = (name: string, seq_scan: number, seq_tup_read: number) => ({
    table: name,
    rows: 1e6,
    seq_scan,
    seq_tup_read,
    idx_scan: 3,
  });
  const tables = [table("big", 50, 5e7), table("small", 5_000, 50_000), table("once", 1, 1e6)];
  const missing = missingIndexes({ tables, statements: [], unused: [], waits: [] });
  expect(missing).toEqual(["big: 50 scans without an index read 1000000 rows each, of 1000000; 3 used one"]);
});

test("Redis' own statistics are read", () => {
  const stats =
    "cmdstat_get:calls=10,usec=50,usec_per_call=5.00,rejected_calls=0\r\ncmdstat_set:calls=1,usec=90,usec_per_call=90.00,x=1\r\n";
  expect(commandsOf(stats).map(([name]) => name)).toEqual(["set", "get"]);
  expect(
    largeKeys(
      '# Scanning\n\nBiggest string found so far\nSampled 12 keys in the keyspace!\nBiggest   hash found "h" has 9 fields\n',
    ),
  ).toEqual([
    "Biggest string found so far",
    "Sampled 12 keys in the keyspace!",
    'Biggest   hash found "h" has 9 fields',
  ]);
});
