import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What the responder looks at, as a test wants it: Prometheus, Loki, Jaeger, Alertmanager and the Kubernetes API on one port. */
export interface Signals {
  url: string;
  /** Alert rules by name: the expression, and for how many seconds it must be so. */
  rules: Map<string, { query: string; duration: number }>;
  /** Whether an expression has samples now: their labels; none where it is not set. */
  samples: Map<string, Record<string, string>[] | (() => Promise<Record<string, string>[]>)>;
  /** What Alertmanager was told. */
  told: { labels: Record<string, string>; endsAt: string }[];
  /** What PagerDuty was told by the responder. */
  paged: { event_action: string; dedup_key: string }[];
  /** Programs that do not answer now. */
  away: Set<"prometheus" | "loki" | "jaeger" | "alertmanager" | "pagerduty">;
  pods: { name: string; workload: string; ready: boolean; role?: string; owner?: string }[];
  replicas: Map<string, number>;
  /** Fewest pods that an autoscaler keeps, by Deployment. */
  autoscalers: Map<string, number>;
  /** GiB that claims ask for, by name. */
  claims: Map<string, number>;
  /** Whether the class of their volumes can grow. */
  classGrows: { value: boolean };
  /** Names of pods and claims, in the order in which they were deleted. */
  deleted: string[];
  /** Rollouts of the api, the newest last: when each began (ISO 8601), and what its pods are. */
  rollouts: { at: string; image: string }[];
  stop(): Promise<void>;
}

export async function startSignals(): Promise<Signals> {
  const signals: Omit<Signals, "url" | "stop"> = {
    rules: new Map(),
    samples: new Map(),
    told: [],
    paged: [],
    away: new Set(),
    pods: [],
    replicas: new Map([
      ["api", 1],
      ["worker", 1],
    ]),
    autoscalers: new Map(),
    claims: new Map(),
    classGrows: { value: true },
    deleted: [],
    rollouts: [],
  };
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? "", "http://x");
    const body = (await req.toArray()).join("");
    const found = await answer(signals, req, url, body).catch((error: Error) => ({ status: 500, body: error.message }));
    res.writeHead(found.status, { "content-type": "application/json" }).end(JSON.stringify(found.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...signals,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type State = Omit<Signals, "url" | "stop">;
const ok = (body: unknown) => ({ status: 200, body });
const AWAY = { status: 503, body: "away" };

async function answer(
  state: State,
  req: IncomingMessage,
  url: URL,
  body: string,
): Promise<{ status: number; body: unknown }> {
  const path = url.pathname;
  if (path === "/api/v1/query") return query(state, url.searchParams.get("query") ?? "");
  if (path === "/api/v1/rules") {
    if (state.away.has("prometheus")) return AWAY;
    const rules = [...state.rules].map(([name, rule]) => ({ name, ...rule }));
    return ok({ data: { groups: [{ rules }] } });
  }
  if (path === "/loki/api/v1/query_range")
    return state.away.has("loki")
      ? AWAY
      : ok({ data: { result: [{ values: [["1700000000000000000", "a line of trouble"]] }] } });
  if (path === "/api/traces")
    return state.away.has("jaeger")
      ? AWAY
      : ok({
          data: [{ traceID: "a".repeat(32), spans: [{ operationName: "GET /x", duration: 2_000, references: [] }] }],
        });
  if (path === "/api/v2/alerts") {
    if (state.away.has("alertmanager")) return AWAY;
    state.told.push(...(JSON.parse(body) as State["told"]));
    return ok(undefined);
  }
  if (path === "/pagerduty") {
    if (state.away.has("pagerduty")) return AWAY;
    state.paged.push(JSON.parse(body) as State["paged"][number]);
    return ok({ status: "success" });
  }
  return kubernetes(state, req.method ?? "", path, body, url.searchParams.has("dryRun"));
}

async function query(state: State, expression: string) {
  if (state.away.has("prometheus")) return AWAY;
  const known = state.samples.get(expression) ?? [];
  const samples = typeof known === "function" ? await known() : known;
  const result = samples.map((metric) => ({ metric, value: [0, "1"] }));
  return ok({ data: { resultType: "vector", result } });
}

const replicaSetOf = ({ at, image }: State["rollouts"][number], index: number) => ({
  metadata: {
    creationTimestamp: at,
    annotations: { "deployment.kubernetes.io/revision": String(index + 1) },
    ownerReferences: [{ name: "api" }],
  },
  spec: { template: { metadata: { labels: { app: "api", "pod-template-hash": `h${index}` } }, spec: { image } } },
});

/** What the API server of the embedded cluster was seen to say of a claim whose class cannot grow. */
const CANNOT_GROW = {
  message:
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
};

/** A claim, read or made to grow; `tried`: without effect. */
function claimOf({ claims, classGrows }: State, name: string, method: string, body: string, tried: boolean) {
  if (!claims.has(name)) return { status: 404, body: "not found" };
  if (method === "PATCH") {
    if (!classGrows.value) return { status: 403, body: CANNOT_GROW };
    const { storage } = JSON.parse(body).spec.resources.requests as { storage: string };
    if (!tried) claims.set(name, Number.parseInt(storage, 10));
  }
  return ok({ spec: { resources: { requests: { storage: `${claims.get(name)}Gi` } } } });
}

function kubernetes(state: State, method: string, path: string, body: string, tried: boolean) {
  const claim = /\/persistentvolumeclaims\/([\w-]+)$/.exec(path)?.[1];
  if (claim !== undefined && method !== "DELETE") return claimOf(state, claim, method, body, tried);
  if (claim !== undefined && method === "DELETE") {
    state.deleted.push(claim);
    return ok({});
  }
  if (path.endsWith("/replicasets")) return ok({ items: state.rollouts.map(replicaSetOf) });
  if (path.endsWith("/deployments/api") && method === "PATCH") {
    const [{ value }] = JSON.parse(body) as [{ value: { spec: { image: string } } }];
    state.rollouts.push({ at: new Date().toISOString(), image: value.spec.image });
    return ok({});
  }
  const pod = /\/pods\/([\w-]+)$/.exec(path)?.[1];
  if (pod !== undefined && method === "DELETE") {
    state.deleted.push(pod);
    state.pods.splice(0, state.pods.length, ...state.pods.filter(({ name }) => name !== pod));
    return ok({});
  }
  if (path.endsWith("/pods")) {
    const items = state.pods.map(({ name, workload, ready, role, owner = "ReplicaSet" }) => ({
      metadata: {
        name,
        labels: { "app.kubernetes.io/name": workload, ...(role && { role }) },
        ownerReferences: [{ kind: owner }],
      },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: "2026-01-01T00:00:00Z" }],
      },
    }));
    return ok({ items });
  }
  const scaled = /\/horizontalpodautoscalers\/([\w-]+)$/.exec(path)?.[1] ?? "";
  if (state.autoscalers.has(scaled)) {
    if (method === "PATCH") state.autoscalers.set(scaled, JSON.parse(body).spec.minReplicas);
    return ok({ spec: { minReplicas: state.autoscalers.get(scaled) }, status: { currentReplicas: 1 } });
  }
  const deployment = /\/deployments\/([\w-]+)\/scale$/.exec(path)?.[1] ?? "";
  if (!state.replicas.has(deployment)) return { status: 404, body: "not found" };
  if (method === "PATCH") state.replicas.set(deployment, JSON.parse(body).spec.replicas);
  const replicas = state.replicas.get(deployment);
  return ok({ spec: { replicas }, status: { replicas } });
}
