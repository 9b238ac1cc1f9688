import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isOrphan, sendSignal } from "../cluster/processes.ts";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { environment, pulumiFolder } from "./environment.ts";
import { pulumi, type Stack } from "./pulumi.ts";

/** What an engine leaves in the backend while it changes a stack. */
export interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** Longer than the program waits for any of its parts (infra/lib/workload.ts). */
const ORPHAN_SECONDS = 660;

/** A lock is a line of JSON: a file that is not in its place after this will never be. */
const WRITTEN_MS = 5000;

/**
 * The engine starts the language host, with the program under it, each plugin and the policy pack in a group of its own.
 * They do not notice at once when a killed engine is gone, and a plugin would still send what it had begun.
 */
const STARTED_BY_ENGINE = /pulumi-(language-nodejs|resource-|analyzer-)/;

/** Ends programs and plugins of this backend whose engine was killed. */
export async function endOrphans(stack: Stack): Promise<void> {
  const ours = `PULUMI_BACKEND_URL=${environment(stack.layout, stack.name).PULUMI_BACKEND_URL}`;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
    if (!isOrphan(pid) || !STARTED_BY_ENGINE.test(await read("cmdline"))) continue;
    if ((await read("environ")).split("\0").includes(ours)) sendSignal(-pid, "SIGKILL");
  }
}

/** Removes locks whose process is gone. A live one is an error that names its holder. */
export async function unlock(stack: Stack, report: (line: string) => void): Promise<void> {
  await removeHalfWritten(stack);
  for (const lock of await locks(stack)) {
    if (isOrphan(lock.pid)) await ended(lock, stack, report);
    if (isAlive(lock)) {
      throw new UserError(
        `stack ${stack.name} is being changed by process ${lock.pid} of ${lock.username}@${lock.hostname} since ${lock.timestamp}`,
        "wait until it has finished, or end that process and run the same again",
      );
    }
    report(`stack ${stack.name}: the lock of process ${lock.pid}, which has ended, is removed`);
    await pulumi(stack, ["cancel", "--yes"], { show: false });
  }
}

/** Who is changing the stack, or was when it was killed. */
export async function locks(stack: Stack): Promise<Lock[]> {
  const files = (await lockFiles(stack)).filter((file) => file.endsWith(".json"));
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(file, "utf8")) as Lock));
}

async function lockFiles(stack: Stack): Promise<string[]> {
  const folder = join(pulumiFolder(stack.layout), ".pulumi/locks/organization/media-platform", stack.name);
  return existsSync(folder) ? (await readdir(folder)).map((file) => join(folder, file)) : [];
}

/** A lock is written beside its place and then renamed; an engine killed in between leaves a file that locks too and names nobody. */
async function removeHalfWritten(stack: Stack): Promise<void> {
  for (const file of (await lockFiles(stack)).filter((name) => name.endsWith(".tmp"))) {
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > WRITTEN_MS) await rm(file, { force: true });
  }
}

const isAlive = ({ pid }: Lock) => existsSync(`/proc/${pid}`);

/** An engine goes on when the `make` that called it is killed; it is left to finish, since it knows best what it has begun. */
async function ended(lock: Lock, stack: Stack, report: (line: string) => void): Promise<void> {
  report(`stack ${stack.name}: process ${lock.pid} of an earlier call is still at work; waiting for it`);
  await eventually(`process ${lock.pid}, which changes stack ${stack.name}, to end`, ORPHAN_SECONDS, async () => {
    if (isAlive(lock)) throw new Error("it still runs");
  });
}
