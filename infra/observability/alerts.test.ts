import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { REQUIRED_ALERT_KEYS } from "../config/alerts.ts";
import { loadConfig } from "../config/load.ts";
import { placesOf } from "../config/receivers.ts";
import { tiers } from "../config/tiers.ts";
import { configOf } from "../test/fixtures.ts";
import { alertmanagerConfig, alertmanagerLinks } from "./alertmanager.plan.ts";
import { grafanaPlan } from "./grafana.plan.ts";
import { receiversOf, secretsOf } from "./receivers.plan.ts";

/** The committed configuration with what the fixtures add, less what is taken away. */
const load = (stack: "dev" | "prod", change: (alerts: Record<string, Record<string, unknown>>) => void = () => {}) =>
  loadConfig({ stack, engine: configOf(stack, ({ alerts = {} }) => change(alerts)) });

describe("a stack without doubles", () => {
  const withUrls = (stack: "prod") => {
    try {
      return load(stack).alerts;
    } catch {
      return undefined;
    }
  };

  test.each(REQUIRED_ALERT_KEYS)(
    "does not deploy without alerts.%s.%s, and the error names the key",
    (section, key) => {
      const without = () => load("prod", (alerts) => void Reflect.deleteProperty(alerts[section] ?? {}, key));
      expect(without).toThrow(`media-platform:alerts.${section}.${key}: is missing`);
    },
  );

  test("sends to what it names, never to a sink", () => {
    const alerts = withUrls("prod");
    if (alerts) {
      expect(placesOf(alerts).sink).toBe(false);
      expect(alertmanagerLinks(alerts)).toEqual(["alert-receivers"]);
      expect(alertmanagerConfig(receiversOf(alerts))).not.toContain("sink");
    }
    expect(REQUIRED_ALERT_KEYS.length).toBe(10);
  });
});

describe("the responder", () => {
  const { alerts } = load("dev");
  interface Receiver {
    name: string;
    webhook_configs?: { url: string; http_config: { authorization: { credentials_file: string } } }[];
  }
  const told = (responder: boolean) =>
    (parse(alertmanagerConfig(receiversOf(alerts, responder))) as { receivers: Receiver[] }).receivers
      .filter(({ webhook_configs = [] }) => webhook_configs.some(({ url }) => url === "http://responder:8080/webhook"))
      .map(({ name }) => name);

  test("is told of what it has something to do for, with a token of its own, where there is one", () => {
    expect(told(true)).toEqual(["critical", "warning"]);
    expect(told(false)).toEqual([]);
    expect(alertmanagerConfig(receiversOf(alerts, true))).toContain(
      "credentials_file: /run/secrets/alertmanager/responder-token",
    );
    expect(alertmanagerLinks(alerts, true)).toContain("responder:http");
    expect(secretsOf(alerts, "generated", "of the responder")["responder-token"]).toBe("of the responder");
  });
});

describe("a stack with doubles", () => {
  const { alerts } = load("dev");

  test("sends everything to the sink", () => {
    expect(alertmanagerLinks(alerts)).toEqual(["sink-mail:smtp", "sink:sink"]);
    expect(placesOf(alerts).outside).toEqual([]);
    expect(secretsOf(alerts, "generated")).toMatchObject({
      "slack-critical": "http://sink:8090/slack/critical-alerts",
      "webhook-token": "generated",
    });
  });

  test("routes each severity, and has no secret in its configuration", () => {
    const config = parse(alertmanagerConfig(receiversOf(alerts)));
    const routed = config.route.routes.map(({ receiver }: { receiver: string }) => receiver);
    expect(routed).toEqual(["second-level", "critical", "warning", "info", "heartbeat"]);
    expect(config.receivers.map(({ name }: { name: string }) => name).sort()).toEqual(routed.sort());
  });
});

test("Grafana believes a header who its caller is only where it is behind the sign-in", () => {
  const envOf = (pagesUrl?: string) => grafanaPlan({ sizes: tiers.medium.grafana, password: "p", pagesUrl }).env ?? {};
  expect(envOf("https://media.example.com/ops")).toMatchObject({
    GF_AUTH_PROXY_ENABLED: "true",
    GF_AUTH_PROXY_HEADER_NAME: "X-WEBAUTH-USER",
    GF_SERVER_ROOT_URL: "https://media.example.com/ops/grafana/",
  });
  expect(Object.keys(envOf()).filter((name) => /AUTH_PROXY|ROOT_URL/.test(name))).toEqual([]);
});

interface Sourced {
  datasource?: { uid: string };
}

test("Grafana asks another stack's Prometheus where one is named, and else the stack's own", () => {
  const sourcesOf = (more: object) => {
    const { files, connectsTo } = grafanaPlan({ sizes: tiers.small.grafana, password: "secret", ...more });
    const all = parse(String(files?.datasources?.data["datasources.yaml"])).datasources as {
      uid: string;
      url: string;
    }[];
    return { url: all.find(({ uid }) => uid === "other-stack")?.url, connectsTo };
  };
  const url = "https://prometheus.example.com";
  const named = sourcesOf({ otherPrometheusUrl: url });
  expect([named.url, named.connectsTo?.includes("other-prometheus")]).toEqual([url, true]);
  const alone = sourcesOf({});
  expect([alone.url, alone.connectsTo?.includes("other-prometheus")]).toEqual(["http://prometheus:9090", false]);
});

test("Grafana is provisioned read-only, under the uids that the dashboards name", () => {
  const plan = grafanaPlan({ sizes: tiers.medium.grafana, password: "p" });
  const { boards, datasources, providers } = plan.files ?? {};
  const uids = parse(String(datasources?.data["datasources.yaml"])).datasources.map(({ uid }: { uid: string }) => uid);
  for (const text of Object.values(boards?.data ?? {})) {
    const board = JSON.parse(String(text));
    expect(board.editable).toBe(false);
    const all = board.panels.flatMap((panel: Sourced & { targets?: Sourced[] }) => [panel, ...(panel.targets ?? [])]);
    const named = all.flatMap(({ datasource }: Sourced) => datasource?.uid ?? []);
    // Grafana's own: each question of such a panel names its source.
    expect([...uids, "-- Mixed --"]).toEqual(expect.arrayContaining(named));
  }
  expect(parse(String(providers?.data["providers.yaml"])).providers[0]).toMatchObject({
    editable: false,
    options: { path: boards?.path },
  });
});
