import { targetOf } from "@media/drills/stack";
import { isRunning, processes } from "../cluster/cluster.ts";
import { clusterNames, layoutOf } from "../cluster/layout.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import type { Options } from "./options.ts";
import { evidenceOf, type Glance, podsOf, signalsOf } from "./status-sources.ts";

/** Everything at a glance. A part that cannot be asked says so: the rest is shown all the same. */
export async function status({ stack, name, json }: Options): Promise<void> {
  const clusters = clusterNames().map((cluster) => {
    const layout = layoutOf(cluster);
    return { name: cluster, running: isRunning(layout), processes: processes(layout), dir: layout.dir };
  });
  const isUp = clusters.some((cluster) => cluster.name === name && cluster.running);
  const glance = isUp ? await glanceAt(stack, name) : undefined;
  if (json)
    return console.log(
      JSON.stringify({ clusters, pods: glance?.pods ?? [], ...(glance ? { stack: glance } : {}) }, null, 2),
    );
  for (const cluster of clusters)
    console.log(
      `cluster ${cluster.name}: ${cluster.running ? `running, ${Object.keys(cluster.processes).length} processes` : "stopped"}  (${cluster.dir})`,
    );
  if (clusters.length === 0) console.log("no cluster yet: make up");
  if (glance) for (const line of linesOf(stack, glance)) console.log(line);
}

async function glanceAt(stack: string, name: string): Promise<Glance> {
  useEnvironment(layoutOf(name), stack);
  const reached = access({ layout: layoutOf(name), name: stack });
  const target = await targetOf(reached).catch(() => undefined);
  const [pods, signals, drill] = await Promise.all([
    podsOf(layoutOf(name)),
    signalsOf(target, reached),
    evidenceOf(stack),
  ]);
  const found = (target ?? {}) as unknown as Record<string, unknown>;
  const addresses = Object.fromEntries(
    Object.entries(found).filter(
      (entry): entry is [string, string] => entry[0].endsWith("Url") && typeof entry[1] === "string",
    ),
  );
  return { pods, addresses, ...signals, drill };
}

/** What a person reads: one line each, and what is not well first. */
export function linesOf(stack: string, { pods, addresses, availability, backup, alerts, drill }: Glance): string[] {
  const waiting = pods.filter(({ isWell }) => !isWell);
  const well = new Map<string, number>();
  for (const pod of pods)
    if (pod.isWell)
      well.set(`${pod.namespace}/${pod.component}`, (well.get(`${pod.namespace}/${pod.component}`) ?? 0) + 1);
  const components = [...well].map(([component, count]) => `${component.split("/")[1]} ${count}`);
  return [
    `stack ${stack}`,
    ...section(
      "not well",
      waiting.map(({ namespace, name, state }) => `${namespace}/${name}: ${state}`),
      "nothing",
    ),
    ...section("alerts", alerts, "none is firing"),
    `  availability, 1 h: ${availability}`,
    `  last backup:       ${backup}`,
    `  last drill:        ${drill}`,
    ...section(
      "addresses",
      Object.entries(addresses).map(([key, url]) => `${key.replace(/Url$/, "")} ${url}`),
      "none: make up",
    ),
    `  pods that are well: ${components.join(", ") || "none"}`,
  ];
}

function section(title: string, lines: readonly string[], none: string): string[] {
  return lines.length === 0 ? [`  ${title}: ${none}`] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}
