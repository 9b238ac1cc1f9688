import { readFile } from "node:fs/promises";
import { processes } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { family } from "../cluster/processes.ts";

/** Every process of the cluster, on the host and in pods. */
const members = (layout: Layout) => family(Object.values(processes(layout)));

/** Memory in GiB: the sum of the proportional set sizes (PSS) of all processes. */
export async function memoryGiB(layout: Layout): Promise<number> {
  const sizes = await Promise.all(
    members(layout).map(async (pid) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
      return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
}

const CLOCK_TICKS = 100; // USER_HZ of every Linux that runs Kubernetes (getconf CLK_TCK)

async function cpuSeconds(layout: Layout): Promise<Map<number, number>> {
  const used = new Map<number, number>();
  for (const pid of members(layout)) {
    const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // utime and stime, and those of children that have ended: short-lived probes count too.
    if (fields.length > 14)
      used.set(pid, [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) / CLOCK_TICKS);
  }
  return used;
}

/**
 * Cores used on average over the given time. A process that starts meanwhile counts whole; one that ends counts in its
 * parent, which waits for it.
 *
 * @param wait waits for a number of seconds
 */
export async function cores(
  layout: Layout,
  seconds: number,
  wait: (seconds: number) => Promise<void>,
): Promise<number> {
  const before = await cpuSeconds(layout);
  await wait(seconds);
  const after = await cpuSeconds(layout);
  let used = 0;
  for (const [pid, now] of after) used += Math.max(0, now - (before.get(pid) ?? 0));
  return used / seconds;
}
