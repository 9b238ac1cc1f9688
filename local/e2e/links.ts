import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { listeners } from "@media/infra/endpoints";
import { execa } from "execa";
import { draw } from "../../docs/picture.ts";
import { kubectl } from "../cluster/cluster.ts";
import { cgroupOf, family } from "../cluster/processes.ts";
import { clusterProcesses, layout, MINUTE } from "./commands.ts";
import { withHeldPods } from "./held-pods.ts";

/** A running pod: the name of its workload, its address, the host's id of one of its processes, and the port that Prometheus scrapes. */
interface Pod {
  name: string;
  uid: string;
  ip: string;
  pid: number;
  metricsPort: number | undefined;
}

interface Target {
  name: string;
  ip: string;
  port: number;
}

/** Every running pod tries every port of every other pod. Exactly the declared connections must work. */
export function links(): void {
  describe("links", () => {
    test(
      "of all connections between pods exactly the declared ones are possible",
      async () => {
        const { open, tried } = await withHeldPods(async () => {
          const expected = await declared(await pods());
          // A pod that was just replaced disappears from the list after a short time.
          return eventually("connections as declared", 60, async () => {
            const found = await matrix();
            if (JSON.stringify(found.open) !== JSON.stringify(expected))
              throw new Error(difference(found.open, expected));
            return found;
          });
        });
        expect(open.length).toBeGreaterThan(20);
        expect(tried).toBeGreaterThan(5 * open.length);
      },
      3 * MINUTE,
    );

    test(
      "negative control: without its policy a connection is refused, and with the policy restored it works",
      async () => {
        const policy = (await kubectl(layout(), [...IN_DEV, "get", "networkpolicy", "api", "-o", "json"])).stdout;
        const reaches = async () => (await matrix()).open.includes("api → pgbouncer:6432");
        expect(await reaches()).toBe(true);
        await kubectl(layout(), [...IN_DEV, "delete", "networkpolicy", "api"]);
        try {
          await eventually("the connection to be refused", 20, async () => expect(await reaches()).toBe(false));
        } finally {
          const { apiVersion, kind, metadata, spec } = JSON.parse(policy);
          const { name, namespace, labels, annotations } = metadata;
          const again = { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec };
          await kubectl(layout(), ["apply", "--server-side", "-f", "-"], JSON.stringify(again));
        }
        await eventually("the connection to work again", 20, async () => expect(await reaches()).toBe(true));
      },
      3 * MINUTE,
    );
  });
}

const IN_DEV = ["-n", "media-dev"];

/** "caller → target:port" of every link that the program declares, of Prometheus' scrapes, and of what stack base shares. */
async function declared(all: readonly Pod[]): Promise<string[]> {
  const arrows = [...(await draw("dev")).matchAll(/^ {2}([\w-]+) -- "([\w-]+)" --> ([\w-]+)$/gm)].filter(
    // Grafana's image cannot be pulled here, and so the embedded cluster does not run it (`grafana.enabled: false`).
    ([, caller, , target]) => caller !== "grafana" && target !== "grafana",
  );
  const drawn = arrows.map(([, caller, port, target]) => {
    const number = (listeners as Record<string, Record<string, number>>)[target as string]?.[port as string];
    return `${caller} → ${target}:${number}`;
  });
  const scraped = all.flatMap(({ name, metricsPort }) => (metricsPort ? [`prometheus → ${name}:${metricsPort}`] : []));
  // A workload with one pod has no other pod of its own to connect to.
  const others = (line: string) => {
    const [caller, target] = line.split(/ → |:/);
    return caller !== target || all.filter(({ name }) => name === caller).length > 1;
  };
  const store = ["postgres", "restore-proof"].map((name) => `${name} → backup-store:${listeners["backup-store"].s3}`);
  const adapter = `prometheus-adapter → prometheus:${listeners.prometheus.http}`;
  return [...new Set([...drawn, ...scraped, ...store, adapter])].filter(others).sort();
}

async function matrix(): Promise<{ open: string[]; tried: number }> {
  const all = await pods();
  const tries = all.flatMap((caller) => {
    const targets = all
      .filter((target) => target.uid !== caller.uid)
      .flatMap(({ name, ip }) => Object.values(portsOf(name)).map((port) => ({ name, ip, port })));
    return [{ caller, targets }];
  });
  const found = await Promise.all(
    tries.map(async ({ caller, targets }) =>
      (await reached(caller, targets)).map(({ name, port }) => `${caller.name} → ${name}:${port}`),
    ),
  );
  return {
    open: [...new Set(found.flat())].sort(),
    tried: tries.reduce((sum, { targets }) => sum + targets.length, 0),
  };
}

/** The targets that can be reached from the caller's network. */
async function reached(caller: Pod, targets: readonly Target[]): Promise<Target[]> {
  const probe = ["-t", String(caller.pid), "-n", process.execPath, "-e", PROBE, JSON.stringify(targets)];
  const { stdout } = await execa("nsenter", probe);
  return JSON.parse(stdout);
}

const portsOf = (name: string) => (listeners as Record<string, Record<string, number>>)[name] ?? {};

/** Runs inside a pod's network. A connection that the target's kernel refuses was let through by the policies: no process listens there. */
const PROBE = `
  const { connect } = require("node:net");
  const reaches = ({ ip, port }) => new Promise((resolve) => {
    const socket = connect({ host: ip, port, timeout: 2000 });
    const end = (answer) => { socket.destroy(); resolve(answer); };
    socket.on("connect", () => end(true)).on("timeout", () => end(false)).on("error", ({ code }) => end(code === "ECONNREFUSED"));
  });
  const targets = JSON.parse(process.argv[1]);
  Promise.all(targets.map(reaches)).then((open) => console.log(JSON.stringify(targets.filter((_, i) => open[i]))));
`;

/** The pods of stacks dev and base with their own network. */
async function pods(): Promise<Pod[]> {
  const { stdout } = await kubectl(layout(), ["get", "pods", "-A", "-l", "app.kubernetes.io/part-of", "-o", "json"]);
  const { items } = JSON.parse(stdout) as { items: KubernetesPod[] };
  const processes = family([clusterProcesses().init as number]).map((pid) => ({ pid, cgroup: cgroupOf(pid) }));
  return items
    .filter(
      ({ spec, status, metadata }) => status.phase === "Running" && !spec.hostNetwork && !metadata.deletionTimestamp,
    )
    .flatMap(({ metadata: { labels, annotations, uid }, status: { podIP } }) => {
      const pid = processes.find(({ cgroup }) => cgroup.includes(`pod${uid}`))?.pid;
      const metricsPort = Number(annotations?.["prometheus.io/port"]) || undefined;
      return pid ? [{ name: labels["app.kubernetes.io/name"] as string, uid, ip: podIP, pid, metricsPort }] : [];
    });
}

interface KubernetesPod {
  metadata: {
    uid: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: { hostNetwork?: boolean };
  status: { phase: string; podIP: string };
}

function difference(found: readonly string[], expected: readonly string[]): string {
  const undeclared = found.filter((line) => !expected.includes(line));
  const missing = expected.filter((line) => !found.includes(line));
  return `possible though not declared: ${undeclared.join(", ") || "none"}; declared but not possible: ${missing.join(", ") || "none"}`;
}
