import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeOwner } from "@media/loadtests/native";
import { PERF_HERTZ } from "@media/loadtests/native";
import { execa } from "execa";
import { processes } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { cgroupOf, family } from "../cluster/processes.ts";
import { UserError } from "../lib/errors.ts";

/** The embedded cluster's node is this machine: its processes can be looked into from outside. */
export function nodeOwner(layout: Layout): NodeOwner {
  const pidsOf = (uid: string) => {
    const { init } = processes(layout);
    const pids = init ? family([init]).filter((pid) => cgroupOf(pid).includes(`pod${uid}`)) : [];
    if (pids.length === 0) throw new UserError(`no process here belongs to the pod with uid ${uid}`, "make status");
    return pids;
  };
  return {
    async perf(uid, seconds) {
      const folder = await mkdtemp(join(tmpdir(), "media-perf-"));
      try {
        const file = join(folder, "data");
        const what = [
          "record",
          "-e",
          "cpu-clock",
          "-F",
          String(PERF_HERTZ),
          "-g",
          "-o",
          file,
          "-p",
          pidsOf(uid).join(","),
        ];
        await tool("perf", [...what, "--", "sleep", String(seconds)], "linux-perf");
        return await tool("perf", ["script", "-i", file, "-F", "comm,pid,tid,time,event,ip,sym,dso"], "linux-perf");
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async stacks(uid) {
      const all = pidsOf(uid).map((pid) =>
        tool(
          "gdb",
          ["-p", String(pid), "-batch", "-nx", "-ex", "set pagination off", "-ex", "thread apply all bt 30"],
          "gdb",
        ),
      );
      return (await Promise.all(all)).join("\n");
    },
  };
}

/** Runs valgrind's massif on a command, and returns what it says of its native memory over time. */
export async function massif(command: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "media-massif-"));
  try {
    const file = join(folder, "out");
    await tool("valgrind", ["--tool=massif", `--massif-out-file=${file}`, "sh", "-c", `exec ${command}`], "valgrind");
    return await tool("ms_print", [file], "valgrind");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tool(program: string, args: readonly string[], debianPackage: string): Promise<string> {
  const { exitCode, stdout, stderr, code } = await execa(program, args, { reject: false, stdin: "ignore" });
  if (code === "ENOENT") throw new UserError(`${program} is not on PATH`, `apt-get install ${debianPackage}`);
  if (exitCode !== 0)
    throw new UserError(`${program} failed: ${stderr.trim().slice(-500)}`, "read its message; it needs root");
  return stdout;
}
