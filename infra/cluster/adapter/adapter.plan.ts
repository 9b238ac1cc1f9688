import { SCALING_FIGURES } from "@media/dashboards/scaling";
import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { portOf, type ServiceName } from "../../lib/endpoints.ts";
import { fill, readBeside } from "../../lib/files.ts";
import { clusterWideName, stableLabels } from "../../lib/naming.ts";
import { resolveScript } from "../../lib/nginx/index.ts";
import type { DeploymentSpec, Manifest, PolicyRule } from "../../lib/workload.types.ts";

export const ADAPTER = "prometheus-adapter" satisfies ServiceName;

/** The API of the cluster that autoscalers ask for figures that are not CPU or memory. A cluster has it once. */
const API = { group: "external.metrics.k8s.io", version: "v1beta1" } as const;
const TLS = "/run/secrets/tls";
const CONFIG = "/etc/adapter";
/** Where the router listens, inside the pod. */
const ROUTER_PORT = 9090;
const RECORDED = "media:";

/** Whether a caller of its API is who it says, and may do what it asks, is for the API server to say. */
const RULES: PolicyRule[] = [
  { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
  { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
];

/** Gives autoscalers of all stacks the figures that each stack's Prometheus records for them. */
export function adapterPlan(tls: { certPem: pulumi.Input<string>; keyPem: pulumi.Input<string> }): DeploymentSpec {
  return {
    name: ADAPTER,
    component: "cluster",
    image: "prometheus-adapter",
    args: [
      `--secure-port=${portOf(ADAPTER, "https")}`,
      `--tls-cert-file=${TLS}/tls.crt`,
      `--tls-private-key-file=${TLS}/tls.key`,
      `--config=${CONFIG}/config.yaml`,
      `--prometheus-url=http://127.0.0.1:${ROUTER_PORT}`,
      "--metrics-relist-interval=1m",
    ],
    connectsTo: ["every-prometheus", "kubernetes-api"],
    rbac: { cluster: RULES },
    probes: {
      startup: { path: "/readyz", port: "https", scheme: "HTTPS" },
      readiness: { path: "/readyz", port: "https", scheme: "HTTPS" },
      liveness: { path: "/livez", port: "https", scheme: "HTTPS", periodSeconds: 10, failures: 6 },
    },
    files: {
      config: { path: CONFIG, data: { "config.yaml": adapterConfig() } },
      router: { path: "/etc/nginx", data: { "nginx.conf": routerConfig(), ...resolveScript } },
    },
    secrets: { tls: { path: TLS, reload: true, data: { "tls.crt": tls.certPem, "tls.key": tls.keyPem } } },
    mounts: ["config", "tls"],
    sidecars: {
      router: {
        image: "nginx",
        command: ["sh", "-c", "sh /etc/nginx/resolve.sh && exec nginx -c /tmp/nginx.conf -g 'daemon off;'"],
        mounts: ["router", "tmp"],
        resources: { cpuMilli: 5, memoryMi: 32 },
      },
    },
    resources: { cpuMilli: 10, memoryMi: 128 },
  };
}

/** What the adapter asks: a recorded series, by the labels that the autoscaler names and by its namespace. */
export function adapterConfig(): string {
  return stringify({
    externalRules: [
      {
        seriesQuery: `{__name__=~"^${RECORDED}workload_.+"}`,
        resources: { overrides: { namespace: { resource: "namespace" } } },
        name: { matches: `^${RECORDED}(.+)$`, as: "$1" },
        metricsQuery: "max by (workload) (<<.Series>>{<<.LabelMatchers>>})",
      },
    ],
  });
}

export function routerConfig(): string {
  const series = Object.values(SCALING_FIGURES).map((figure) => ({
    __name__: `${RECORDED}${figure}`,
    namespace: "any",
    workload: "any",
  }));
  return fill(readBeside(import.meta.url, "router.conf"), {
    port: ROUTER_PORT,
    prometheus: portOf("prometheus", "http"),
    series: JSON.stringify({ status: "success", data: series }),
  });
}

interface Place {
  stack: string;
  namespace: string;
}

/** By which the API server finds the adapter, and knows it: by the authority in `caBundle`, PEM as base64. */
export function apiServicePlan({ stack, namespace }: Place, caBundle: pulumi.Input<string>): Manifest {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${API.version}.${API.group}`, labels: stableLabels(stack, ADAPTER, "cluster") },
    spec: {
      ...API,
      service: { name: ADAPTER, namespace, port: 443 },
      caBundle,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  };
}

/** Lets it read by which certificate it knows the API server; Kubernetes keeps that in one place for all. */
export function authenticationReaderPlan({ stack, namespace }: Place): Manifest {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: {
      name: clusterWideName(stack, ADAPTER),
      namespace: "kube-system",
      labels: stableLabels(stack, ADAPTER, "cluster"),
    },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "extension-apiserver-authentication-reader" },
    subjects: [{ kind: "ServiceAccount", name: ADAPTER, namespace }],
  };
}
