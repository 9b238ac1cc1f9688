import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type SinkOptions, startSink } from "@media/service/alert-sink";
import { freePorts } from "@media/service/test/programs";
import { alertmanagerConfig } from "./alertmanager.plan.ts";
import { type AlertsConfig, receiversOf, secretsOf } from "./receivers.plan.ts";
import { TEMPLATES } from "./templates.plan.ts";

/** Nothing configured: everything goes to the sink. */
export const SINK_ALERTS: AlertsConfig = {
  pagerduty: { url: "https://events.pagerduty.com/v2/enqueue" },
  slack: {},
  email: {},
  webhook: {},
  heartbeat: {},
  automation: "on",
  escalation: { afterMinutes: [15, 60], reviewMinutes: 30 },
};

export const TOKEN = "webhook-token-of-the-tests";

export interface Message {
  channel: string;
  to: string;
  status: string;
  severity: string;
  alerts: string[];
  summary: string;
  /** As it came. */
  body: { dedup_key?: string; groupKey?: string; event_action?: string; attachments?: { actions?: unknown[] }[] };
}

/** A real Alertmanager with our configuration, and our sink at the end of every way. */
export interface Routing {
  /** Hands alerts to Alertmanager, as Prometheus does. `endsAt`: they are over then. @default open */
  inject(alerts: Record<string, string>[], endsAt?: string): Promise<void>;
  /** What the sink got; waits until there are so many, and a little longer for those that should not come. */
  messages(count: number): Promise<Message[]>;
  clear(): Promise<void>;
  sinkUrl: string;
  smtpPort: number;
  url: string;
  stop(): Promise<void>;
}

export async function startRouting(): Promise<Routing> {
  const closers: (() => Promise<unknown>)[] = [];
  const onClose = (_: string, close: () => Promise<unknown>) => void closers.push(close);
  const serve: SinkOptions["serve"] = (app) =>
    new Promise((resolve) => {
      const server = app.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
      closers.push(() => new Promise((closed) => server.close(closed)));
    });
  const log = { info: () => {}, warn: () => {} };
  const { httpPort, smtpPort } = await startSink({ onClose, serve, log, smtpPort: 0, token: TOKEN });

  const folder = mkdtempSync(join(tmpdir(), "media-alertmanager-"));
  const here = (text: string) =>
    text.replaceAll("sink:8090", `127.0.0.1:${httpPort}`).replaceAll("sink-mail:2525", `127.0.0.1:${smtpPort}`);
  for (const [name, text] of Object.entries(secretsOf(SINK_ALERTS, TOKEN)))
    writeFileSync(join(folder, name), here(text));
  writeFileSync(join(folder, "media.tmpl"), TEMPLATES);
  const waits = { group_wait: "200ms", group_interval: "1s", repeat_interval: "1h" };
  const config = alertmanagerConfig(
    { ...receiversOf(SINK_ALERTS), slackButton: true },
    { secrets: folder, templates: folder, waits },
  );
  writeFileSync(join(folder, "alertmanager.yaml"), here(config));

  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const args = [
    `--config.file=${folder}/alertmanager.yaml`,
    `--storage.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
  ];
  const child = spawn("prometheus-alertmanager", args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await ready(`${url}/-/ready`, child, () => said);
  const sinkUrl = `http://127.0.0.1:${httpPort}`;
  const read = async () => ((await (await fetch(`${sinkUrl}/messages`)).json()) as { messages: Message[] }).messages;
  return {
    url,
    sinkUrl,
    smtpPort,
    async inject(alerts, endsAt) {
      const annotations = ({ alertname }: Record<string, string>) => ({ summary: `${alertname} is so` });
      const body = alerts.map((labels) => ({ labels, annotations: annotations(labels), endsAt }));
      const answer = await fetch(`${url}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    },
    async messages(count) {
      const until = Date.now() + 10_000;
      while ((await read()).length < count && Date.now() < until) await sleep(50);
      await sleep(600);
      return read();
    },
    clear: async () => void (await fetch(`${sinkUrl}/messages`, { method: "DELETE" })),
    async stop() {
      child.kill();
      await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve(0)));
      for (const close of closers) await close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function ready(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const until = Date.now() + 15_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`Alertmanager ended with ${child.exitCode}: ${said()}`);
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error(`Alertmanager is not ready: ${said()}`);
}
