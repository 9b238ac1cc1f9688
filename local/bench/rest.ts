import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { processes } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { family } from "../cluster/processes.ts";

/** Every process of the cluster: the host's part and all pods. */
const members = (layout: Layout) => family(Object.values(processes(layout)));

/** Memory in GiB: each process's share of what it maps (PSS), added up. */
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
    // utime, stime and those of the children it has waited for: short-lived probes count too.
    if (fields.length > 14)
      used.set(pid, [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) / CLOCK_TICKS);
  }
  return used;
}

/** Cores used on average over the time given. A process that began meanwhile counts whole, one that ended counts where its parent waited. */
export async function cores(layout: Layout, seconds: number): Promise<number> {
  const before = await cpuSeconds(layout);
  await sleep(seconds * 1000);
  const after = await cpuSeconds(layout);
  let used = 0;
  for (const [pid, now] of after) used += Math.max(0, now - (before.get(pid) ?? 0));
  return used / seconds;
}
