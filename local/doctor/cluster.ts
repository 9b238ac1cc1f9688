import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMade, type Layout, layoutOf, portsFor } from "../cluster/layout.ts";
import { running } from "../cluster/processes.ts";
import { pulumiFolder } from "../stack/environment.ts";
import { type Lock, locks } from "../stack/locks.ts";
import { BIN } from "../toolchain/build.ts";
import type { Check, Finding } from "./check.ts";
import { type Listener, listeners, output } from "./look.ts";

/** What concerns one embedded cluster: its ports, its processes and the stacks on it. */
export function clusterChecks(name: string): Check[] {
  // Asking for the layout of a new cluster takes a number for it, and the doctor changes nothing.
  const layout = isMade(name) ? layoutOf(name) : undefined;
  const { registryPort, nodePorts } = portsFor(name);
  const ours = layout ? Object.values(running(join(layout.runDir, "host"))) : [];
  const find = `find it with: ss -ltnp; then stop it, or take another cluster name: NAME=second`;
  return [
    {
      name: "image registry's port",
      wanted: `${registryPort} free, or ours`,
      run: async () => portsFound(await listeners(), registryPort, registryPort, ours),
      fix: find,
    },
    {
      name: "node ports",
      wanted: `${nodePorts.join("–")} free, or ours`,
      run: async () => portsFound(await listeners(), nodePorts[0], nodePorts[1], ours),
      fix: find,
    },
    {
      name: `cluster ${name}`,
      wanted: "running, its node ready",
      run: () => clusterState(layout, ours),
      fix: "make up",
    },
    ...(layout ? stackChecks(layout) : []),
  ];
}

/** Whether only processes of ours listen on these ports. */
export function portsFound(all: readonly Listener[], from: number, to: number, ours: readonly number[]): Finding {
  const here = all.filter(({ port }) => port >= from && port <= to);
  const others = here
    .filter(({ pid }) => !ours.includes(pid))
    .map(({ port, process, pid }) => `${port} taken by ${process} (${pid})`);
  if (others.length > 0) return { found: [...new Set(others)].slice(0, 3).join(", "), ok: false };
  return { found: here.length > 0 ? "ours" : "free", ok: true };
}

async function clusterState(layout: Layout | undefined, ours: readonly number[]): Promise<Finding> {
  if (!layout) return { found: "not made yet", ok: false };
  if (ours.length === 0) return { found: "stopped", ok: false };
  const jsonpath = '{.items[0].status.conditions[?(@.type=="Ready")].status}';
  const ready = await output(
    join(BIN, "kubectl"),
    "--kubeconfig",
    layout.kubeconfig,
    "--request-timeout=5s",
    "get",
    "nodes",
    "-o",
    `jsonpath=${jsonpath}`,
  );
  return { found: `running, node ${ready === "True" ? "ready" : "not ready"}`, ok: ready === "True" };
}

/** One row for each stack that has a state. */
function stackChecks(layout: Layout): Check[] {
  const folder = join(pulumiFolder(layout), ".pulumi/stacks/media-platform");
  const stacks = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  return stacks.map((file) => {
    const stack = file.slice(0, -".json".length);
    return {
      name: `state of stack ${stack}`,
      wanted: "no stale lock, nothing pending",
      run: async () => {
        const state = JSON.parse(readFileSync(join(folder, file), "utf8"));
        return stateFound(await locks({ layout, name: stack }), state, isAlive);
      },
      fix: `make up STACK=${stack} removes the lock and settles what is pending`,
    };
  });
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

interface State {
  readonly checkpoint?: { readonly latest?: { readonly pending_operations?: readonly unknown[] } | null };
}

/** A lock whose process lives is work under way, in which operations are pending by right. */
export function stateFound(held: readonly Pick<Lock, "pid">[], state: State, alive: (pid: number) => boolean): Finding {
  const busy = held.find(({ pid }) => alive(pid));
  if (busy) return { found: `being changed by process ${busy.pid}`, ok: true };
  const pending = state.checkpoint?.latest?.pending_operations?.length ?? 0;
  const problems = [
    ...held.map(({ pid }) => `lock of process ${pid}, which has ended`),
    ...(pending > 0 ? [`pending operations: ${pending}`] : []),
  ];
  return { found: problems.join(", ") || "well", ok: problems.length === 0 };
}
