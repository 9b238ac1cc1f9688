import type { ImagesConfig } from "../config/schema.ts";

export interface ImageEntry {
  /** Version of the software, shown in the label `app.kubernetes.io/version`. */
  version: string;
  /** The folder below `local/images` whose Dockerfile builds it where none can be pulled. */
  folder: string;
  /** Where a cluster with the internet pulls it from. Without it: from `images.registry`, where `folder` was pushed. */
  published?: string;
}

/** Every image of third-party programs, named once. */
export const catalogue = {
  alertmanager: { version: "0.28.1", folder: "alertmanager", published: "docker.io/prom/alertmanager:v0.28.1" },
  grafana: { version: "13.2.0", folder: "grafana", published: "docker.io/grafana/grafana:13.2.0" },
  jaeger: { version: "1.76.0", folder: "jaeger", published: "docker.io/jaegertracing/jaeger:2.13.0" },
  "kube-state-metrics": {
    version: "2.15.0",
    folder: "kube-state-metrics",
    published: "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.15.0",
  },
  loki: { version: "3.7.8", folder: "loki", published: "docker.io/grafana/loki:3.7.8" },
  nginx: { version: "1.30.6", folder: "nginx", published: "docker.io/library/nginx:1.30.6" },
  node: { version: "24.21.0", folder: "node", published: "docker.io/library/node:24.21.0-trixie-slim" },
  "node-exporter": { version: "1.9.0", folder: "exporters" },
  otelcol: {
    version: "0.160.0",
    folder: "otelcol",
    published: "docker.io/otel/opentelemetry-collector-contrib:0.160.0",
  },
  pgbouncer: { version: "1.24.1", folder: "pgbouncer" },
  postgres: { version: "17.12", folder: "postgres" },
  "postgres-exporter": { version: "0.17.1", folder: "exporters" },
  "pgbouncer-exporter": { version: "0.10.2", folder: "exporters" },
  "prometheus-adapter": {
    version: "0.12.0",
    folder: "prometheus-adapter",
    published: "registry.k8s.io/prometheus-adapter/prometheus-adapter:v0.12.0",
  },
  prometheus: { version: "2.53.3", folder: "prometheus", published: "docker.io/prom/prometheus:v2.53.3" },
  pushgateway: { version: "1.11.0", folder: "pushgateway", published: "docker.io/prom/pushgateway:v1.11.0" },
  redis: { version: "8.0.2", folder: "redis", published: "docker.io/library/redis:8.0.2" },
  "redis-exporter": { version: "1.69.0", folder: "exporters" },
  versitygw: { version: "1.8.0", folder: "versitygw", published: "docker.io/versity/versitygw:v1.8.0" },
} as const satisfies Record<string, ImageEntry>;

export type ImageName = keyof typeof catalogue;

/** Whether the program builds it: it is published nowhere, not pinned, and the configuration says so. */
export function isBuiltHere(name: ImageName, config: ImagesConfig): boolean {
  const { published, folder }: ImageEntry = catalogue[name];
  return config.build && !published && !config.pinned[folder];
}

/** The reference a pod names: the digest that `local/` pinned, else the published image, else our own registry. */
export function resolveImage(name: ImageName, config: ImagesConfig): string {
  const entry: ImageEntry = catalogue[name];
  return config.pinned[entry.folder] ?? entry.published ?? `${config.registry}/${entry.folder}:${entry.version}`;
}
