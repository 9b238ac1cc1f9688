import express, { type Express } from "express";
import type { Logger } from "../../observability/log.ts";
import { createFaults } from "../faults.ts";
import { mountControl } from "../tmdb.ts";
import { CHANNELS, Inbox, type Message } from "./inbox.ts";
import { listenForMail, type OnClose } from "./mail.ts";
import { mountReceivers } from "./receivers.ts";

export interface SinkOptions {
  onClose: OnClose;
  /** Serves the application and answers on which port. */
  serve(app: Express): Promise<number>;
  log: Pick<Logger, "info" | "warn">;
  /** 0 lets the kernel choose. */
  smtpPort: number;
  /** What the webhook's callers have to know. @default it takes any caller */
  token: string | undefined;
}

/** Stands where PagerDuty, Slack, the mail server and the responder would: takes alerts, and shows what came. */
export async function startSink({
  onClose,
  serve,
  log,
  smtpPort,
  token,
}: SinkOptions): Promise<{ httpPort: number; smtpPort: number }> {
  const inbox = new Inbox(log);
  const app = express();
  app.disable("x-powered-by");
  const faults = { pagerduty: createFaults(), slack: createFaults(), webhook: createFaults() };
  for (const [name, knobs] of Object.entries(faults)) mountControl(app, `/control/${name}`, knobs);
  mountReceivers(app, inbox, faults, token);
  mountReading(app, inbox);
  return {
    httpPort: await serve(app),
    smtpPort: await listenForMail(onClose, log, smtpPort, inbox),
  };
}

function mountReading(app: Express, inbox: Inbox): void {
  app.get("/messages", (req, res) => {
    res.json({ messages: inbox.since(Number(req.query.since ?? 0) || 0) });
  });
  app.delete("/messages", (_req, res) => {
    inbox.clear();
    res.status(204).end();
  });
  app.get("/", (_req, res) => {
    res
      .set("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .type("html")
      .send(page(inbox.since(0)));
  });
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeHtml = (text: string) => text.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] as string);

/** What came, newest first, readable without JavaScript. */
function page(messages: Message[]): string {
  const rows = messages
    .toReversed()
    .map((m) => [m.receivedAt, m.channel, m.to, m.status, m.severity, m.alerts.join(", "), m.summary])
    .map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`);
  const counts = CHANNELS.map((channel) => `${channel} ${messages.filter((m) => m.channel === channel).length}`).join(
    ", ",
  );
  const heads = ["received", "by", "to", "status", "severity", "alerts", "summary"];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10"><title>Alerts received</title>
<style>body{font:14px sans-serif;margin:1.5em;color:#222}table{border-collapse:collapse}td,th{padding:.3em .8em;border-bottom:1px solid #ddd;text-align:left}</style></head>
<body><h1>Alerts received</h1><p>${counts}. The same as JSON: <a href="/messages">/messages</a></p>
<table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></body></html>`;
}
