import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack, Target } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { inPostgres } from "@media/drills/verify/postgres";
import { kubectl } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** Label app.kubernetes.io/name; the pod's own name where it has none. */
  readonly component: string;
  readonly state: string;
  readonly isWell: boolean;
}

/** What `make status` shows of a stack. Sentences where a source could not be asked. */
export interface Glance {
  readonly pods: readonly Pod[];
  readonly addresses: Readonly<Record<string, string>>;
  readonly availability: string;
  readonly backup: string;
  readonly alerts: readonly string[];
  readonly drill: string;
}

interface KubernetesPod {
  metadata: { namespace: string; name: string; labels?: Record<string, string>; deletionTimestamp?: string };
  status: { phase: string; containerStatuses?: { ready: boolean; state?: { waiting?: { reason?: string } } }[] };
}

/** All pods of the cluster but those of jobs that have ended well. */
export async function podsOf(layout: Layout): Promise<Pod[]> {
  const { stdout } = await kubectl(layout, ["get", "pods", "-A", "-o", "json"]).catch(() => ({
    stdout: '{"items":[]}',
  }));
  const { items } = JSON.parse(stdout) as { items: KubernetesPod[] };
  return items.filter(({ status }) => status.phase !== "Succeeded").map(podFrom);
}

export function podFrom({ metadata, status }: KubernetesPod): Pod {
  const { namespace, name, labels = {}, deletionTimestamp } = metadata;
  const containers = status.containerStatuses ?? [];
  const isReady = status.phase === "Running" && containers.length > 0 && containers.every(({ ready }) => ready);
  const why = containers.map(({ state }) => state?.waiting?.reason).find(Boolean);
  const state = deletionTimestamp
    ? "Terminating"
    : isReady
      ? "Running"
      : (why ?? (status.phase === "Running" ? "Running, not ready" : status.phase));
  const component = labels["app.kubernetes.io/name"] ?? labels["k8s-app"] ?? name;
  return { namespace, name, component, state, isWell: isReady && !deletionTimestamp };
}

/** Availability and alerts by Prometheus, the last backup by pgBackRest. */
export async function signalsOf(
  target: Target | undefined,
  stack: Stack,
): Promise<Pick<Glance, "availability" | "alerts" | "backup">> {
  const [availability, alerts, backup] = await Promise.all([
    target ? availabilityOf(target) : "not known: the stack is not up",
    target ? alertsOf(target) : [],
    backupOf(stack),
  ]);
  return { availability, alerts, backup };
}

interface Vector {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

async function ask({ prometheusUrl }: Target, query: string): Promise<Vector["data"]["result"]> {
  const answer = await call(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`);
  return json<Vector>(answer, 200).data.result;
}

const ANSWERS = "increase(gateway_http_responses_total[1h])";

async function availabilityOf(target: Target): Promise<string> {
  const failed = `sum(increase(gateway_http_responses_total{status=~"5.."}[1h])) or vector(0)`;
  try {
    const [all, bad] = await Promise.all([ask(target, `sum(${ANSWERS})`), ask(target, failed)]);
    const count = Number(all[0]?.value[1] ?? 0);
    if (count < 1) return "no answer was given";
    return `${(100 - (100 * Number(bad[0]?.value[1] ?? 0)) / count).toFixed(2)} % of ${Math.round(count)} answers were without an error of ours`;
  } catch (error) {
    return `not known: ${(error as Error).message.slice(0, 100)}`;
  }
}

async function alertsOf(target: Target): Promise<string[]> {
  try {
    const firing = await ask(target, 'ALERTS{alertstate="firing",severity!="heartbeat"}');
    return firing.map(({ metric }) => `${metric.alertname} (${metric.severity})`).sort();
  } catch (error) {
    return [`not known: ${(error as Error).message.slice(0, 100)}`];
  }
}

async function backupOf(stack: Stack): Promise<string> {
  try {
    const text = await inPostgres(stack, "primary", ["pgbackrest", "--stanza=main", "--output=json", "info"]);
    const [stanza] = JSON.parse(text) as { backup: { label: string; timestamp: { stop: number } }[] }[];
    const last = stanza?.backup.at(-1);
    if (!last) return "there is none";
    const minutes = Math.round((Date.now() / 1000 - last.timestamp.stop) / 60);
    return `${last.label}, ${minutes} minutes ago`;
  } catch (error) {
    return `not known: ${(error as Error).message.split("\n")[0]?.slice(0, 100)}`;
  }
}

/** The newest drill of the stack on this machine. */
export async function evidenceOf(stack: string, folder = join(REPO, "evidence")): Promise<string> {
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(".json"))
        .sort()
        .reverse()
    : [];
  for (const file of files) {
    try {
      const found = JSON.parse(readFileSync(join(folder, file), "utf8"));
      if (found.stack === stack && found.kind)
        return `${found.kind} of ${found.startedAt}: ${found.passed ? "passed" : "failed"}`;
    } catch {
      // A file of something else.
    }
  }
  return "none on this machine: make drill";
}
