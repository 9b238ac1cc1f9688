import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What a process may hold more of than after it was warmed up. */
const MORE_HANDLES = 20;
const MORE_MIB = 100;

export interface Held {
  handles: number;
  mib: number;
}

export function held({ pid }: ChildProcess): Held {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return { handles: readdirSync(`/proc/${pid}/fd`).length, mib: Math.round(kib / 1_024) };
}

/** What is wrong with a process after an attack; `ended` is undefined while it runs. */
export function judge(lines: string[], ended: number | string | undefined, before: Held, after: Held): string[] {
  const internal = lines.filter((line) => line.includes('"code":"internal"'));
  return [
    ...(ended === undefined ? [] : [`the api ended with ${ended}`]),
    ...(internal.length > 0 ? [`${internal.length} unclassified errors, the first: ${internal[0]}`] : []),
    ...(after.handles > before.handles + MORE_HANDLES ? ["handles are left open"] : []),
    ...(after.mib > before.mib + MORE_MIB ? ["memory is not given back"] : []),
  ];
}
