import { describe, expect, test } from "@jest/globals";
import { fold, nativeProfiled, stacksProfiled, threadsOf } from "../profiling/native.ts";

const PERF = `postgres  4242 12.500000: cpu-clock:
\t    55d0c0de1234 ExecScan+0x44 (/usr/lib/postgresql/17/bin/postgres)
\t    55d0c0de5678 exec_simple_query+0x10 (/usr/lib/postgresql/17/bin/postgres)

postgres  4242 12.520000: cpu-clock:
\t    55d0c0de1240 ExecScan+0x50 (/usr/lib/postgresql/17/bin/postgres)
\t    55d0c0de5678 exec_simple_query+0x10 (/usr/lib/postgresql/17/bin/postgres)

node-MainThread  7/8 12.540000: cpu-clock:
\t    7f00deadbeef [unknown] (/tmp/perf-7.map)
`;

const GDB = `[New LWP 8]
Thread 2 (Thread 0x7f01 (LWP 8) "libuv-worker"):
#0  0x00007f2a in futex_wait (op=0) at futex.c:1
#1  0x00007f2b in uv_cond_wait (cond=0x1) at thread.c:2

Thread 3 (Thread 0x7f02 (LWP 9) "libuv-worker"):
#0  0x00007f2a in futex_wait (op=0) at futex.c:1
#1  0x00007f2b in uv_cond_wait (cond=0x2) at thread.c:2

Thread 1 (Thread 0x7f00 (LWP 7) "node"):
#0  epoll_wait (epfd=3) at epoll.c:9
`;

describe("stacks from the node", () => {
  test("of perf are folded: same stacks together, offsets gone, the unknown by its file", () => {
    expect(fold(PERF)).toEqual(["postgres;exec_simple_query;ExecScan 2", "node-MainThread;[perf-7.map] 1"]);
    expect(nativeProfiled(PERF, "t").words[1]).toMatch(/^ {2}ExecScan, native: 0\.04 s itself \(66\.7 %\)/);
    expect(fold("")).toEqual([]);
  });

  test("of gdb are told by thread, those that wait at the same place together", () => {
    expect(threadsOf(GDB).map(({ count, frames }) => [count, frames[0]?.split(" ")[0]])).toEqual([
      [2, "futex_wait"],
      [1, "epoll_wait"],
    ]);
    expect(stacksProfiled(GDB).words[0]).toMatch(/^2 threads in futex_wait.* ← uv_cond_wait/);
  });
});
