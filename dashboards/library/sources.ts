/** The data sources, by the uids under which Grafana is provisioned with them and the page finds them. */
export const SOURCES = {
  prometheus: { type: "prometheus", uid: "prometheus" },
  loki: { type: "loki", uid: "loki" },
  jaeger: { type: "jaeger", uid: "jaeger" },
  /** Prometheus of another stack, to compare with; where none is named it is the stack's own. */
  other: { type: "prometheus", uid: "other-stack" },
} as const;
