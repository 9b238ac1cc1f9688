import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";

const MODULE = join(import.meta.dirname, "interrupt.ts");
const GRACE_MS = 1_000;

/** A program whose work is one child, with a child of its own, and that writes a file when it cleans up. */
async function start(script: string) {
  const folder = mkdtempSync(join(tmpdir(), "interrupt-"));
  const child = `echo $$ > ${folder}/child; sleep 300 & echo $! > ${folder}/grandchild; ${script}; wait; sleep 300`;
  const program = `
    import { writeFileSync } from "node:fs";
    import { Interrupted, Interruptible } from ${JSON.stringify(MODULE)};
    const work = new Interruptible({ graceMs: ${GRACE_MS} });
    try {
      await work.run(async () => {
        try { await work.child("sh", ["-c", ${JSON.stringify(child)}], {}); }
        finally { writeFileSync("${folder}/cleaned", ""); }
      });
    } catch (error) { process.exit(error instanceof Interrupted ? 130 : 1); }`;
  const node = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], { stdio: "inherit" });
  const pid = async (name: string) => {
    const file = join(folder, name);
    while (!existsSync(file) || readFileSync(file, "utf8").trim() === "") await sleep(50);
    return Number(readFileSync(file, "utf8"));
  };
  return {
    node,
    pids: [await pid("child"), await pid("grandchild")],
    cleaned: () => existsSync(join(folder, "cleaned")),
  };
}

const exitOf = async (node: ChildProcess) => (await once(node, "exit"))[0] as number;

/** Whether a process runs; one that has ended and waits for its parent to notice does not. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test.each([
  ["SIGINT", "ends at once", "true"],
  ["SIGTERM", "ends at once", "true"],
  ["SIGINT", "ignores SIGINT, and is killed", "trap '' INT"],
] as const)(
  "%s to the process alone ends it and its children's whole group, which %s",
  async (signal, _how, script) => {
    const { node, pids, cleaned } = await start(script);
    // The control: until the signal all of them run and nothing is cleaned up.
    expect([...pids.map(runs), cleaned(), node.exitCode]).toEqual([true, true, false, null]);
    const exit = exitOf(node);
    node.kill(signal);
    expect(await exit).toBe(130);
    expect([...pids.map(runs), cleaned()]).toEqual([false, false, true]);
  },
);
