/** Where the operators' pages are, below the gateway's address. */
export const OPS = "/ops";

/** Programs with pages for people, behind the gateway's sign-in, each below `/ops/<name>/`. */
export type OpsPage = "alertmanager" | "grafana" | "jaeger" | "loki" | "prometheus";
