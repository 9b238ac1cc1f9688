/**
 * The ports and Services of every workload. Pure constants: Services, container ports, links, NetworkPolicies and the addresses in the
 * components' own settings are all made from these tables, so that a port is written once.
 */

/** Container ports by workload: port name → number. A name has at most 15 characters. */
export const listeners = {
  alertmanager: { http: 9093 },
  api: { http: 8080, admin: 9464 },
  "backup-store": { s3: 9000 },
  collector: { "otlp-grpc": 4317, "otlp-http": 4318, metrics: 8888, health: 13133 },
  doubles: { http: 8080, admin: 9464, sink: 8090, smtp: 2525 },
  gateway: { https: 8443, inside: 8444, status: 8081 },
  grafana: { http: 3000 },
  jaeger: { ui: 16686, "otlp-grpc": 4317, "otlp-http": 4318, metrics: 8888, health: 13133 },
  "kube-state-metrics": { metrics: 8080, telemetry: 8081 },
  "log-agent": { metrics: 8888, health: 13133 },
  loki: { http: 3100, grpc: 9095 },
  "node-exporter": { metrics: 9100 },
  pgbouncer: { pgbouncer: 6432, follower: 6433, metrics: 9127 },
  postgres: { postgresql: 5432, patroni: 8008, watcher: 8009, metrics: 9187 },
  prometheus: { http: 9090 },
  // Not 6443: workloads that ask the Kubernetes API may send to that port of any address.
  "prometheus-adapter": { https: 6444 },
  pushgateway: { http: 9091 },
  "redis-cache": { redis: 6379, metrics: 9121 },
  "redis-state": { redis: 6379, metrics: 9121 },
  "redis-state-sentinel": { sentinel: 26379 },
  web: { http: 3000 },
  responder: { http: 8080, admin: 9464 },
  worker: { admin: 9464 },
} as const satisfies Record<string, Record<string, number>>;

export type WorkloadName = keyof typeof listeners;
export type PortName<W extends WorkloadName> = keyof (typeof listeners)[W] & string;

export interface ServiceEntry {
  /** The workload whose pods answer. */
  workload: WorkloadName;
  /** Names of the workload's ports that the service offers, under the same numbers but for `offers`. */
  ports: readonly string[];
  /** Numbers that differ from the workload's. @default {} */
  offers?: Readonly<Record<string, number>>;
  /** How clients reach it from outside the cluster; without it the service stays inside. */
  exposed?: "http" | "https";
  /**
   * Open to the public, and the only kind that gets a load balancer. Other exposed Services have no authentication: people
   * reach them through the gateway, which has the sign-in, and directly only where `access.direct` says so. @default false
   */
  isPublic?: boolean;
  /**
   * No address of its own: DNS answers with the addresses of the pods that are ready (`ready`), or of all (`all`), which
   * members of a group need to find each other. @default none
   */
  headless?: "ready" | "all";
  /** Another process writes the endpoints, so the service has no selector. @default false */
  endpointsByPatroni?: boolean;
  /** More labels the pods must have. */
  selects?: Readonly<Record<string, string>>;
  /** Pods of every stack on the cluster may connect. @default false */
  fromOtherStacks?: boolean;
  /** Workloads of other stacks on the cluster that may connect. @default none */
  fromWorkloads?: readonly WorkloadName[];
  /** The Kubernetes API server connects, whose address is not known. @default false */
  fromKubernetesApi?: boolean;
}

/** Services by their fixed name. */
export const services = {
  alertmanager: { workload: "alertmanager", ports: ["http"], exposed: "http" },
  api: { workload: "api", ports: ["http"] },
  "api-pods": { workload: "api", ports: ["http"], headless: "ready" },
  "backup-store": { workload: "backup-store", ports: ["s3"], fromOtherStacks: true },
  collector: { workload: "collector", ports: ["otlp-grpc", "otlp-http"] },
  doubles: { workload: "doubles", ports: ["http"] },
  gateway: { workload: "gateway", ports: ["https"], offers: { https: 443 }, exposed: "https", isPublic: true },
  // For pods: it never speaks the PROXY protocol.
  "gateway-inside": { workload: "gateway", ports: ["inside"] },
  // It believes the gateway who its caller is: nobody else may reach it.
  grafana: { workload: "grafana", ports: ["http"] },
  jaeger: { workload: "jaeger", ports: ["ui"], exposed: "http" },
  "jaeger-otlp": { workload: "jaeger", ports: ["otlp-grpc", "otlp-http"] },
  "kube-state-metrics": { workload: "kube-state-metrics", ports: ["metrics"], fromOtherStacks: true },
  loki: { workload: "loki", ports: ["http"], exposed: "http" },
  pgbouncer: { workload: "pgbouncer", ports: ["pgbouncer"] },
  // Each pooler is asked by its own address, also one that is not ready.
  "pgbouncer-followers": { workload: "pgbouncer", ports: ["follower"], headless: "all" },
  postgres: { workload: "postgres", ports: ["postgresql"], endpointsByPatroni: true },
  "postgres-members": { workload: "postgres", ports: ["postgresql", "patroni"], headless: "all" },
  "postgres-replicas": { workload: "postgres", ports: ["postgresql"], selects: { role: "replica" } },
  prometheus: {
    workload: "prometheus",
    ports: ["http"],
    exposed: "http",
    fromWorkloads: ["prometheus-adapter"],
  },
  "prometheus-adapter": {
    workload: "prometheus-adapter",
    ports: ["https"],
    offers: { https: 443 },
    fromKubernetesApi: true,
  },
  pushgateway: { workload: "pushgateway", ports: ["http"], exposed: "http" },
  "redis-cache": { workload: "redis-cache", ports: ["redis"] },
  "redis-state": { workload: "redis-state", ports: ["redis"], headless: "all" },
  "redis-state-sentinel": { workload: "redis-state-sentinel", ports: ["sentinel"], headless: "all" },
  responder: { workload: "responder", ports: ["http"] },
  sink: { workload: "doubles", ports: ["sink"], exposed: "http" },
  "sink-mail": { workload: "doubles", ports: ["smtp"] },
  web: { workload: "web", ports: ["http"] },
  "web-pods": { workload: "web", ports: ["http"], headless: "ready" },
} as const satisfies Record<string, ServiceEntry>;

export type ServiceName = keyof typeof services;
/** "service:port", for instance "redis-cache:redis". */
export type ServicePort = { [S in ServiceName]: `${S}:${(typeof services)[S]["ports"][number]}` }[ServiceName];

/** Targets that are where the stack's configuration says: in a namespace of the cluster, or on the internet. */
export type Configured =
  | "alert-receivers"
  | "external-backup-store"
  | "identity-provider"
  | "other-prometheus"
  | "upstreams";
/** Targets that are not pods of this stack. */
export type ExternalTarget = Configured | "dns" | "kubernetes-api" | "node" | "all-metrics" | "every-prometheus";

/** What a caller declares: "I connect to …". Each target's port is in the tables above. */
export type Link = ServicePort | ExternalTarget;

export function serviceEntry(name: ServiceName): ServiceEntry {
  return services[name];
}

export function portOf<W extends WorkloadName>(workload: W, port: PortName<W>): number {
  return (listeners as Record<string, Record<string, number>>)[workload]?.[port] as number;
}

/** "host:port" inside the stack's namespace. */
export function address(target: ServicePort): string {
  const [service, port] = target.split(":") as [ServiceName, string];
  return `${service}:${offeredPort(service, port)}`;
}

/** The number under which a Service offers a port. */
export function offeredPort(service: ServiceName, port: string): number {
  const { offers, workload } = serviceEntry(service);
  return offers?.[port] ?? portOf(workload, port as never);
}

export type AccessType = "NodePort" | "LoadBalancer" | "ClusterIP";

/** How people reach the cluster. */
export interface Access {
  type: AccessType;
  /** Whether exposed Services that are not public have node ports too, past the sign-in. */
  direct: boolean;
}

/** The type of a Service where people reach the cluster in this way. */
export function serviceTypeOf({ exposed, isPublic }: ServiceEntry, { type, direct }: Access): AccessType {
  if (!exposed) return "ClusterIP";
  if (isPublic) return type;
  return type === "NodePort" && direct ? type : "ClusterIP";
}

/** The services a workload answers, in the order of their names. */
export function servicesOf(workload: WorkloadName): ServiceName[] {
  return (Object.keys(services) as ServiceName[]).filter((name) => services[name].workload === workload).sort();
}
