import { existsSync, readFileSync } from "node:fs";
import { AnswerError, type Ask, ask } from "./http.ts";

/** Where Kubernetes mounts what a pod needs to speak to its API. */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface Pod {
  name: string;
  workload: string;
  phase: string;
  ready: boolean;
  /** Seconds since its readiness last changed. */
  sinceSeconds: number;
  restarts: number;
  /** Kind of what replaces it when it is deleted; undefined: nothing does. */
  owner: string | undefined;
  /** `primary` or `replica`, of members of PostgreSQL. */
  role: string | undefined;
}

/** The rollout of a Deployment that its pods come from now, and the one before it. */
export interface Rollout {
  revision: number;
  /** Seconds since it began. */
  sinceSeconds: number;
  /** Undefined: there is nothing to go back to. */
  previous: { revision: number; template: unknown } | undefined;
}

/** A claim of a volume, and the size that it asks for. */
export interface Claim {
  name: string;
  askedGi: number;
}

/** The part of the Kubernetes API that playbooks use, in the stack's own namespace. */
export interface Kubernetes {
  pods(): Promise<Pod[]>;
  deletePod(name: string): Promise<void>;
  /** Deletes a claim with what is on its volume. It goes when no pod uses it any more. */
  deleteClaim(name: string): Promise<void>;
  /** Undefined where there is none of that name. */
  claim(name: string): Promise<Claim | undefined>;
  /** Has a claim ask for more. `dryRun`: the API server only says whether it would let it. @throws AnswerError where not */
  growClaim(name: string, gi: number, options: { dryRun: boolean }): Promise<void>;
  rolloutOf(deployment: string): Promise<Rollout>;
  /** Gives a Deployment another template for its pods: a rollout of its own. */
  setTemplate(deployment: string, template: unknown): Promise<void>;
  /**
   * Replicas wanted and ready of a Deployment. Of one with an autoscaler the fewest that the autoscaler keeps: a number of
   * the Deployment's own would be undone by it within seconds.
   */
  scale(deployment: string): Promise<{ wanted: number; ready: number }>;
  setReplicas(deployment: string, replicas: number): Promise<void>;
}

interface ApiPod {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    ownerReferences?: { kind: string }[];
    deletionTimestamp?: string;
  };
  status: {
    phase: string;
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    containerStatuses?: { restartCount: number }[];
  };
}
interface ApiReplicaSet {
  metadata: { creationTimestamp: string; annotations?: Record<string, string>; ownerReferences?: { name: string }[] };
  spec: { template: { metadata: { labels?: Record<string, string> } } };
}
interface ApiClaim {
  spec: { resources: { requests: { storage: string } } };
}
interface ApiScale {
  spec: { replicas?: number };
  status: { replicas: number };
}

interface ApiAutoscaler {
  spec: { minReplicas?: number };
  status?: { currentReplicas?: number };
}

const MERGE = { "content-type": "application/merge-patch+json" };
const JSON_PATCH = { "content-type": "application/json-patch+json" };

const REVISION = "deployment.kubernetes.io/revision";
/** Kubernetes tells by it the pods of one ReplicaSet from another's; a template of a Deployment has none. */
const HASH = "pod-template-hash";

/** `url`: of the API server. The account's token is read with every call: Kubernetes renews it. */
export function createKubernetes(url: string, namespace: string, account = ACCOUNT): Kubernetes {
  const call = <T>(path: string, init: Ask = {}) => {
    const tokenFile = `${account}/token`;
    const caFile = `${account}/ca.crt`;
    const token = existsSync(tokenFile) ? { authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` } : {};
    return ask<T>(`${url}${path}`, {
      ...init,
      headers: { accept: "application/json", ...token, ...init.headers },
      ...(existsSync(caFile) && { caFile }),
    });
  };
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const scalePath = (deployment: string) => `${apps}/deployments/${deployment}/scale`;
  const scalerPath = (deployment: string) =>
    `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${deployment}`;
  /** Undefined where there is none. */
  const find = <T>(path: string) =>
    call<T>(path).catch((error: unknown) => {
      if (error instanceof AnswerError && error.status === 404) return undefined;
      throw error;
    });
  const scalerOf = (deployment: string) => find<ApiAutoscaler>(scalerPath(deployment));
  const claimPath = (name: string) => `${core}/persistentvolumeclaims/${encodeURIComponent(name)}`;
  return {
    async pods() {
      const { items } = await call<{ items: ApiPod[] }>(`${core}/pods?limit=500`);
      return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(podOf);
    },
    deletePod: (name) => call(`${core}/pods/${encodeURIComponent(name)}`, { method: "DELETE" }),
    deleteClaim: (name) => call(claimPath(name), { method: "DELETE" }),
    async claim(name) {
      const found = await find<ApiClaim>(claimPath(name));
      if (!found) return undefined;
      return { name, askedGi: giOf(found.spec.resources.requests.storage) };
    },
    async growClaim(name, gi, { dryRun }) {
      const body = JSON.stringify({ spec: { resources: { requests: { storage: `${gi}Gi` } } } });
      await call(`${claimPath(name)}${dryRun ? "?dryRun=All" : ""}`, { method: "PATCH", headers: MERGE, body });
    },
    async rolloutOf(deployment) {
      const { items } = await call<{ items: ApiReplicaSet[] }>(`${apps}/replicasets?limit=500`);
      return rolloutOf(items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === deployment));
    },
    async setTemplate(deployment, template) {
      const body = JSON.stringify([{ op: "replace", path: "/spec/template", value: template }]);
      await call(`${apps}/deployments/${deployment}`, { method: "PATCH", headers: JSON_PATCH, body });
    },
    async scale(deployment) {
      const scaler = await scalerOf(deployment);
      if (scaler) return { wanted: scaler.spec.minReplicas ?? 1, ready: scaler.status?.currentReplicas ?? 0 };
      const { spec, status } = await call<ApiScale>(scalePath(deployment));
      return { wanted: spec.replicas ?? 0, ready: status.replicas };
    },
    async setReplicas(deployment, replicas) {
      const [path, spec] = (await scalerOf(deployment))
        ? [scalerPath(deployment), { minReplicas: replicas }]
        : [scalePath(deployment), { replicas }];
      await call(path, { method: "PATCH", headers: MERGE, body: JSON.stringify({ spec }) });
    },
  };
}

/** The newest two of a Deployment's ReplicaSets: Kubernetes keeps those of earlier rollouts, and numbers them. */
function rolloutOf(sets: readonly ApiReplicaSet[]): Rollout {
  const revisionOf = ({ metadata }: ApiReplicaSet) => Number(metadata.annotations?.[REVISION] ?? 0);
  const [now, before] = sets.toSorted((a, b) => revisionOf(b) - revisionOf(a));
  if (!now) return { revision: 0, sinceSeconds: 0, previous: undefined };
  return {
    revision: revisionOf(now),
    sinceSeconds: (Date.now() - Date.parse(now.metadata.creationTimestamp)) / 1_000,
    previous: before && { revision: revisionOf(before), template: withoutHash(before.spec.template) },
  };
}

const UNITS: Readonly<Record<string, number>> = { "": 2 ** -30, Mi: 2 ** -10, Gi: 1, Ti: 2 ** 10 };

/** A quantity of Kubernetes in GiB. @throws on a unit that no claim of ours has */
function giOf(quantity: string): number {
  const [, number, unit = ""] = /^(\d+)(Mi|Gi|Ti)?$/.exec(quantity) ?? [];
  if (number === undefined) throw new Error(`the size ${quantity} of a claim is in no unit that is known`);
  return Number(number) * (UNITS[unit] ?? 1);
}

function withoutHash(template: ApiReplicaSet["spec"]["template"]): unknown {
  const { [HASH]: _, ...labels } = template.metadata.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

function podOf({ metadata, status }: ApiPod): Pod {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  const since = ready ? (Date.now() - Date.parse(ready.lastTransitionTime)) / 1_000 : 0;
  return {
    name: metadata.name,
    workload: metadata.labels?.["app.kubernetes.io/name"] ?? "",
    phase: status.phase,
    ready: ready?.status === "True",
    sinceSeconds: Math.max(0, since),
    restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    owner: metadata.ownerReferences?.[0]?.kind,
    role: metadata.labels?.role,
  };
}
