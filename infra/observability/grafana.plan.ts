import { dashboards } from "@media/dashboards/boards";
import { SOURCES } from "@media/dashboards/sources";
import type * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Tier } from "../config/tiers.ts";
import { address, portOf } from "../lib/endpoints.ts";
import type { DeploymentSpec } from "../lib/workload.types.ts";

const PROVISIONING = "/etc/grafana/provisioning";
const BOARDS = "/etc/grafana/boards";
const SECRETS = "/run/secrets/grafana";

export interface GrafanaArgs {
  sizes: Tier["grafana"];
  /** Of the local administrator. */
  password: pulumi.Input<string>;
  /**
   * Where people find its pages, below their own path. Then the gateway, which alone reaches it, tells it who the person is;
   * it answers without that path. @default nowhere: people sign in with the password
   */
  pagesUrl?: string | undefined;
  /** Prometheus of another stack, to compare with. @default the stack's own */
  otherPrometheusUrl?: string | undefined;
}

/** Shows the dashboards that are built here. It keeps nothing: data sources and dashboards come from files and are read-only. */
export function grafanaPlan({ sizes, password, pagesUrl, otherPrometheusUrl }: GrafanaArgs): DeploymentSpec {
  return {
    name: "grafana",
    component: "observability",
    image: "grafana",
    env: {
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_AUTH_ANONYMOUS_ENABLED: "false",
      GF_PATHS_DATA: "/var/lib/grafana",
      GF_PATHS_LOGS: "/var/lib/grafana/log",
      GF_PATHS_PROVISIONING: PROVISIONING,
      GF_PLUGINS_PREINSTALL_DISABLED: "true",
      GF_SECURITY_ADMIN_PASSWORD__FILE: `${SECRETS}/admin-password`,
      GF_SERVER_HTTP_PORT: String(portOf("grafana", "http")),
      GF_USERS_ALLOW_SIGN_UP: "false",
      GF_USERS_DEFAULT_THEME: "light",
      ...(pagesUrl ? behindSignIn(pagesUrl) : {}),
    },
    files: {
      boards: { path: BOARDS, data: boardFiles() },
      datasources: {
        path: `${PROVISIONING}/datasources`,
        data: { "datasources.yaml": dataSources(otherPrometheusUrl) },
      },
      providers: { path: `${PROVISIONING}/dashboards`, data: { "providers.yaml": providers() } },
    },
    secrets: { admin: { path: SECRETS, data: { "admin-password": password } } },
    volumes: {
      data: { type: "scratch", path: "/var/lib/grafana", sizeMi: 256 },
      tmp: { type: "scratch", path: "/tmp", sizeMi: 64 },
    },
    connectsTo: [
      "alertmanager:http",
      "jaeger:ui",
      "loki:http",
      "prometheus:http",
      ...(otherPrometheusUrl ? (["other-prometheus"] as const) : []),
    ],
    metrics: { port: "http" },
    probes: {
      startup: { path: "/api/health", port: "http" },
      readiness: { path: "/api/health", port: "http" },
      liveness: { path: "/api/health", port: "http", failures: 6 },
    },
    resources: { cpuMilli: 5, memoryMi: sizes.memoryMi },
  };
}

/** No cookie of its own, and no live connection, which the gateway would not pass on. */
const behindSignIn = (pagesUrl: string) => ({
  GF_AUTH_DISABLE_SIGNOUT_MENU: "true",
  GF_AUTH_PROXY_ENABLED: "true",
  GF_AUTH_PROXY_ENABLE_LOGIN_TOKEN: "false",
  GF_AUTH_PROXY_HEADERS: "Role:X-WEBAUTH-ROLE",
  GF_AUTH_PROXY_HEADER_NAME: "X-WEBAUTH-USER",
  GF_LIVE_MAX_CONNECTIONS: "0",
  GF_SERVER_ROOT_URL: `${pagesUrl}/grafana/`,
});

const boardFiles = () =>
  Object.fromEntries(Object.entries(dashboards()).map(([uid, board]) => [`${uid}.json`, `${JSON.stringify(board)}\n`]));

const providers = () =>
  stringify({
    apiVersion: 1,
    providers: [{ name: "media", type: "file", editable: false, disableDeletion: true, options: { path: BOARDS } }],
  });

/** Under the uids that the dashboards name. An exemplar leads to its trace, a trace to its logs. */
function dataSources(otherPrometheusUrl = `http://${address("prometheus:http")}`): string {
  const source = (type: string, url: string, jsonData: object = {}) => ({
    name: type[0]?.toUpperCase() + type.slice(1),
    uid: type,
    type,
    access: "proxy",
    url: `http://${url}`,
    editable: false,
    isDefault: type === "prometheus",
    jsonData,
  });
  return stringify({
    apiVersion: 1,
    datasources: [
      source("prometheus", address("prometheus:http"), {
        exemplarTraceIdDestinations: [{ name: "trace_id", datasourceUid: "jaeger" }],
      }),
      source("loki", address("loki:http"), {
        derivedFields: [
          {
            name: "trace",
            matcherType: "label",
            matcherRegex: "trace_id",
            datasourceUid: "jaeger",
            // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own variable.
            url: "${__value.raw}",
          },
        ],
      }),
      source("jaeger", address("jaeger:ui"), {
        tracesToLogsV2: {
          datasourceUid: "loki",
          filterByTraceID: true,
          tags: [{ key: "service.name", value: "service_name" }],
        },
      }),
      {
        ...source("prometheus", ""),
        name: "Other stack",
        uid: SOURCES.other.uid,
        url: otherPrometheusUrl,
        isDefault: false,
      },
      source("alertmanager", address("alertmanager:http"), { implementation: "prometheus" }),
    ],
  });
}
