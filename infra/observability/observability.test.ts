import { parse } from "yaml";
import { tiers } from "../config/tiers.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";
import { collectorConfig, collectorPlan } from "./collector.plan.ts";
import { jaegerConfig, jaegerPlan } from "./jaeger.plan.ts";
import { logAgentConfig, logAgentPlan } from "./log-agent.plan.ts";
import { lokiConfig, lokiPlan } from "./loki.plan.ts";
import { prometheusPlan } from "./prometheus.plan.ts";
import { pushgatewayPlan } from "./pushgateway.plan.ts";
import { prometheusConfig } from "./scrape.plan.ts";

const tier = tiers.small;
const pathOf = (plan: DeploymentSpec, volume: string) => plan.volumes?.[volume]?.path;

describe("the chain of traces", () => {
  it("goes from the collector to Jaeger, and the link says so", () => {
    const config = parse(collectorConfig());
    expect(config.exporters["otlp_grpc/jaeger"].endpoint).toBe("jaeger-otlp:4317");
    expect(collectorPlan(tier.collector).connectsTo).toEqual(["jaeger-otlp:otlp-grpc"]);
    expect(parse(jaegerConfig(tier.jaeger)).receivers.otlp.protocols.grpc.endpoint).toBe("0.0.0.0:4317");
  });

  it("is kept as long as the tier says, on a volume", () => {
    const { badger } = parse(jaegerConfig(tier.jaeger)).extensions.jaeger_storage.backends.main;
    expect(badger.ttl.spans).toBe(`${tier.jaeger.retentionHours}h`);
    const path = pathOf(jaegerPlan(tier.jaeger), "data");
    for (const folder of Object.values(badger.directories)) expect(folder).toMatch(new RegExp(`^${path}/`));
  });
});

describe("the chain of logs", () => {
  const config = parse(logAgentConfig("dev"));

  it("reads only the stack's own pods, and not itself", () => {
    expect(config.receivers.file_log.include).toEqual([
      "/var/log/pods/media-dev_*/*/*.log",
      "/var/log/pods/media-dev-node_*/*/*.log",
    ]);
    expect(config.receivers.file_log.exclude).toEqual(["/var/log/pods/media-dev-node_log-agent-*/*/*.log"]);
  });

  it("ends at Loki in the stack's namespace", () => {
    expect(config.exporters.otlp_http.endpoint).toBe("http://loki.media-dev:3100/otlp");
    expect(logAgentPlan("dev").connectsTo).toEqual(["loki:http"]);
  });

  it("lifts trace and span in one step: a second one would clear what the first found", () => {
    const parsers = config.receivers.file_log.operators.filter((o: { type: string }) => o.type === "trace_parser");
    expect(parsers).toHaveLength(1);
    expect(parsers[0]).toMatchObject({ trace_id: expect.anything(), span_id: expect.anything() });
  });

  it("indexes few labels and keeps lines for the tier's time", () => {
    const { limits_config, compactor } = parse(lokiConfig(tier.loki));
    expect(limits_config.otlp_config.resource_attributes.attributes_config[0].attributes).not.toContain("k8s.pod.name");
    expect([compactor.retention_enabled, limits_config.retention_period]).toEqual([true, "48h"]);
    expect(lokiPlan(tier.loki).volumes?.data).toMatchObject({ type: "claim", sizeGi: tier.loki.volumeGi });
  });
});

describe("Prometheus", () => {
  const jobs = Object.fromEntries(
    parse(prometheusConfig("dev", tier.prometheus)).scrape_configs.map((job: { job_name: string }) => [
      job.job_name,
      job,
    ]),
  );

  it("discovers pods of its stack and of the cluster's exporters, no others", () => {
    expect(jobs.pods.kubernetes_sd_configs).toEqual([
      { role: "pod", namespaces: { names: ["media-base", "media-base-node", "media-dev", "media-dev-node"] } },
    ]);
  });

  it("drops what kube-state-metrics and kubelets say of other stacks", () => {
    for (const name of ["kube-state-metrics", "kubelet", "cadvisor"]) {
      const rule = jobs[name].metric_relabel_configs.at(-1);
      const kept = new RegExp(`^(?:${rule.regex})$`);
      expect(["media-dev", "media-base", "", "media-prod", "kube-system"].map((name) => kept.test(name))).toEqual([
        true,
        true,
        true,
        false,
        false,
      ]);
    }
  });

  it("keeps the labels of the job that pushed a series, and each pod by one job only", () => {
    const { honor_labels, relabel_configs, kubernetes_sd_configs } = jobs.pushgateway;
    expect([honor_labels, kubernetes_sd_configs[0].namespaces.names]).toEqual([true, ["media-dev"]]);
    const named = "__meta_kubernetes_pod_label_app_kubernetes_io_name";
    const about = (job: string, action: string) =>
      jobs[job].relabel_configs.find(
        (rule: { source_labels?: string[]; action?: string }) =>
          rule.source_labels?.[0] === named && rule.action === action,
      ).regex;
    expect([about("pushgateway", "keep"), about("pods", "drop")]).toEqual([
      "pushgateway",
      "kube-state-metrics|pushgateway",
    ]);
    // Only after its last use: the labels that a replaced pod would change.
    expect(relabel_configs.at(-1)).toEqual({ regex: "component|pod", action: "labeldrop" });
  });

  it("names each namespace once in the base stack", () => {
    const [job] = parse(prometheusConfig("base", tier.prometheus)).scrape_configs;
    expect(job.kubernetes_sd_configs[0].namespaces.names).toEqual(["media-base", "media-base-node"]);
  });

  it("keeps exemplars and the tier's history, below its volume's size", () => {
    const plan = prometheusPlan("dev", tier.prometheus);
    const { args = [] } = plan;
    expect(args).toContain("--enable-feature=exemplar-storage");
    expect(args).toContain(`--storage.tsdb.retention.time=${tier.prometheus.retentionHours}h`);
    expect(args).toContain(`--storage.tsdb.path=${pathOf(plan, "data")}`);
  });

  it("names its pages where people find them, and answers at its own paths still", () => {
    const { args } = prometheusPlan("dev", tier.prometheus, "https://media.example.com/ops");
    expect(args).toContain("--web.external-url=https://media.example.com/ops/prometheus/");
    expect(args).toContain("--web.route-prefix=/");
    expect(prometheusPlan("dev", tier.prometheus).args?.join(" ")).not.toContain("--web.");
  });

  it("may read pods and nodes, and change nothing", () => {
    const rules = prometheusPlan("dev", tier.prometheus).rbac?.cluster ?? [];
    expect(new Set(rules.flatMap((rule) => rule.verbs))).toEqual(new Set(["get", "list", "watch"]));
    expect(rules.flatMap((rule) => rule.resources).sort()).toEqual(["nodes", "nodes/metrics", "pods"]);
  });
});

it("Pushgateway keeps what was pushed in a file on its volume", () => {
  const plan = pushgatewayPlan(tier.pushgateway);
  expect(plan.args).toContain(`--persistence.file=${pathOf(plan, "data")}/metrics`);
  expect(plan.volumes?.data).toMatchObject({ type: "claim", sizeGi: tier.pushgateway.volumeGi });
});

it.each([
  ["prometheus", prometheusPlan("dev", tier.prometheus)],
  ["pushgateway", pushgatewayPlan(tier.pushgateway)],
  ["loki", lokiPlan(tier.loki)],
  ["jaeger", jaegerPlan(tier.jaeger)],
])("%s stops before its successor starts: they share a volume", (_, plan) => {
  expect(plan.rollout).toEqual({ recreate: true });
});

test("neither Prometheus nor Pushgateway can be stopped or reloaded by a request: both have no authentication", () => {
  const { prometheus, pushgateway } = tiers.small;
  for (const plan of [prometheusPlan("dev", prometheus), pushgatewayPlan(pushgateway)])
    expect(plan.args?.join(" ")).not.toMatch(/enable-lifecycle|enable-admin-api/);
});
