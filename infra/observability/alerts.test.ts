import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { loadConfig } from "../config/load.ts";
import { placesOf } from "../config/receivers.ts";
import { REQUIRED_ALERT_KEYS } from "../config/schema.ts";
import { tiers } from "../config/tiers.ts";
import { committedConfig, overlay, PROJECT } from "../test/fixtures.ts";
import { alertmanagerConfig, alertmanagerLinks } from "./alertmanager.plan.ts";
import { grafanaPlan } from "./grafana.plan.ts";
import { receiversOf, secretsOf } from "./receivers.plan.ts";

/** The committed configuration with what the fixtures add, less what is taken away. */
function load(stack: "dev" | "prod", change: (alerts: Record<string, Record<string, unknown>>) => void = () => {}) {
  const added = structuredClone(overlay(stack)) as Record<string, unknown>;
  change((added.alerts ?? {}) as Record<string, Record<string, unknown>>);
  const ours = Object.entries(added).map(([key, value]) => [`${PROJECT}:${key}`, JSON.stringify(value)]);
  const committed = committedConfig(stack);
  const app = { ...JSON.parse(committed[`${PROJECT}:app`] ?? "{}"), ...(added.app as object) };
  return loadConfig({
    stack,
    engine: { ...committed, ...Object.fromEntries(ours), [`${PROJECT}:app`]: JSON.stringify(app) },
  });
}

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
    expect(routed).toEqual(["critical", "warning", "info", "heartbeat"]);
    expect(config.receivers.map(({ name }: { name: string }) => name)).toEqual(routed);
  });
});

test("Grafana is provisioned read-only, under the uids that the dashboards name", () => {
  const plan = grafanaPlan({ sizes: tiers.medium.grafana, password: "p" });
  const { boards, datasources, providers } = plan.files ?? {};
  const uids = parse(String(datasources?.data["datasources.yaml"])).datasources.map(({ uid }: { uid: string }) => uid);
  for (const text of Object.values(boards?.data ?? {})) {
    const board = JSON.parse(String(text));
    expect(board.editable).toBe(false);
    const named = board.panels.flatMap(({ datasource }: { datasource?: { uid: string } }) => datasource?.uid ?? []);
    expect(uids).toEqual(expect.arrayContaining(named));
  }
  expect(parse(String(providers?.data["providers.yaml"])).providers[0]).toMatchObject({
    editable: false,
    options: { path: boards?.path },
  });
});
