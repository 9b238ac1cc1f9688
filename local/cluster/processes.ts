import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The process that a pid file names ("PID STARTTIME", supervisor/process.go), while it is alive. */
export function pidOf(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const [pid, start] = readFileSync(file, "utf8").trim().split(" ");
  return start !== undefined && startTime(Number(pid)) === start ? Number(pid) : undefined;
}

/** Field 22 of /proc/PID/stat (proc(5)). */
const startTime = (pid: number) => stat(pid)?.[19];

/** Names and numbers of what runs, read from a folder of pid files. */
export function running(dir: string): Record<string, number> {
  if (!existsSync(dir)) return {};
  const found: Record<string, number> = {};
  for (const file of readdirSync(dir).filter((name) => name.endsWith(".pid"))) {
    const pid = pidOf(join(dir, file));
    if (pid !== undefined) found[file.slice(0, -".pid".length)] = pid;
  }
  return found;
}

/** Whether whoever started the process has ended before it: such a one belongs to process 1. */
export function isOrphan(pid: number): boolean {
  return stat(pid)?.[1] === "1";
}

/** The fields of /proc/PID/stat after the name: state, parent, …; undefined for a process that has ended. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields;
  } catch {
    return undefined;
  }
}

/** Every process below these, themselves included. */
export function family(roots: readonly number[]): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = stat(Number(entry))?.[1];
    if (parent) parents.set(Number(entry), Number(parent));
  }
  const all = new Set(roots);
  for (let size = -1; size !== all.size; ) {
    size = all.size;
    for (const [pid, parent] of parents) if (all.has(parent)) all.add(pid);
  }
  return [...all];
}

/** The cgroups of a process, as text; empty when it has ended. Those of a pod's processes hold "pod" and its uid. */
export function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return "";
  }
}

/** Name of the program that a process runs, without its folder; empty when it has ended. */
export function programOf(pid: number): string {
  try {
    const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return basename(program);
  } catch {
    return "";
  }
}

/** Sends a signal to a process, or to a group by its negative number; one that has ended meanwhile is none to send it to. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
