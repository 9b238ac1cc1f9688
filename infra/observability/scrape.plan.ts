import { stringify } from "yaml";
import type { Tier } from "../config/tiers.ts";
import { address } from "../lib/endpoints.ts";
import { LABEL, namespaceOf, nodeNamespaceOf } from "../lib/naming.ts";

/** The stack that runs the cluster's exporters. */
const BASE_STACK = "base";
const KUBE_STATE_METRICS = "kube-state-metrics";
const PUSHGATEWAY = "pushgateway";
const TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

export function prometheusConfig(stack: string, sizes: Tier["prometheus"]): string {
  return stringify({
    global: {
      scrape_interval: `${sizes.scrapeIntervalSeconds}s`,
      scrape_timeout: `${Math.min(sizes.scrapeIntervalSeconds, 8)}s`,
      // A rule sees each scrape once.
      evaluation_interval: `${sizes.scrapeIntervalSeconds}s`,
      external_labels: { stack },
    },
    rule_files: ["/etc/prometheus/rules.yaml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [address("alertmanager:http")] }] }] },
    scrape_configs: [
      podsJob(stack),
      kubeStateJob(stack),
      pushgatewayJob(stack),
      kubeletJob("kubelet", "/metrics", stack),
      cadvisorJob(stack),
    ],
  });
}

/** Its own namespaces and those of the cluster's exporters. */
function namespaces(stack: string): string[] {
  return [...new Set([stack, BASE_STACK].flatMap((name) => [namespaceOf(name), nodeNamespaceOf(name)]))].sort();
}

const podsOf = (names: string[]) => [{ role: "pod", namespaces: { names } }];
const podLabel = (name: string) => `__meta_kubernetes_pod_label_${name.replaceAll(/[^a-zA-Z0-9]/g, "_")}`;
const podAnnotation = (name: string) => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;

const keep = (source: string, regex: string) => ({ source_labels: [source], regex, action: "keep" });
const drop = (source: string, regex: string) => ({ source_labels: [source], regex, action: "drop" });
const copy = (source: string, target: string) => ({ source_labels: [source], target_label: target });

/** The annotations that `Workload` writes say whether, where and how a pod is scraped. */
const ANNOTATED = [
  keep(podAnnotation("scrape"), "true"),
  drop("__meta_kubernetes_pod_phase", "Failed|Succeeded"),
  // A pod has a target per container port; all become the one annotated address, and equal targets are one.
  {
    source_labels: ["__meta_kubernetes_pod_ip", podAnnotation("port")],
    separator: ":",
    regex: "(.+:\\d+)",
    target_label: "__address__",
  },
  copy(podAnnotation("path"), "__metrics_path__"),
  copy(podAnnotation("scheme"), "__scheme__"),
  copy("__meta_kubernetes_namespace", "namespace"),
  copy("__meta_kubernetes_pod_name", "pod"),
  copy("__meta_kubernetes_pod_name", "instance"),
  copy(podLabel(LABEL.name), "job"),
  copy(podLabel(LABEL.component), "component"),
];

function podsJob(stack: string) {
  return {
    job_name: "pods",
    kubernetes_sd_configs: podsOf(namespaces(stack)),
    relabel_configs: [...ANNOTATED, drop(podLabel(LABEL.name), `${KUBE_STATE_METRICS}|${PUSHGATEWAY}`)],
  };
}

/** Its series speak of other pods, so their labels win; those of other stacks are left out. */
function kubeStateJob(stack: string) {
  return {
    job_name: KUBE_STATE_METRICS,
    honor_labels: true,
    kubernetes_sd_configs: podsOf([namespaceOf(BASE_STACK)]),
    relabel_configs: [...ANNOTATED, keep(podLabel(LABEL.name), KUBE_STATE_METRICS)],
    metric_relabel_configs: [ofOurNamespaces(stack)],
  };
}

/**
 * What was pushed speaks of who pushed it, so those labels win. Those of the pod that kept it are left out: a series
 * must not change its name because that pod was replaced.
 */
function pushgatewayJob(stack: string) {
  return {
    job_name: PUSHGATEWAY,
    honor_labels: true,
    kubernetes_sd_configs: podsOf([namespaceOf(stack)]),
    relabel_configs: [
      ...ANNOTATED,
      keep(podLabel(LABEL.name), PUSHGATEWAY),
      { regex: "component|pod", action: "labeldrop" },
    ],
  };
}

/** Series of a namespace must be of ours; those without one concern the cluster. */
function ofOurNamespaces(stack: string) {
  return { source_labels: ["namespace"], regex: ["", ...namespaces(stack)].join("|"), action: "keep" };
}

function kubeletJob(job: string, path: string, stack: string) {
  return {
    job_name: job,
    scheme: "https",
    metrics_path: path,
    // A kubelet's certificate is signed by itself unless the cluster rotates it; the token is what it trusts.
    tls_config: { insecure_skip_verify: true },
    authorization: { credentials_file: TOKEN },
    kubernetes_sd_configs: [{ role: "node" }],
    relabel_configs: [copy("__meta_kubernetes_node_name", "node")],
    metric_relabel_configs: [ofOurNamespaces(stack)],
  };
}

/** What containers use. Only the families that capacity and saturation are read from: the rest is thousands of series. */
const CADVISOR =
  "container_(cpu_usage_seconds_total|cpu_cfs_.+|memory_(working_set_bytes|rss|cache|failcnt)|oom_events_total" +
  "|network_(receive|transmit)_(bytes|packets_dropped)_total|fs_(reads|writes)_bytes_total|spec_memory_limit_bytes" +
  "|start_time_seconds)|machine_.+";

function cadvisorJob(stack: string) {
  const job = kubeletJob("cadvisor", "/metrics/cadvisor", stack);
  return { ...job, metric_relabel_configs: [keep("__name__", CADVISOR), ...job.metric_relabel_configs] };
}
