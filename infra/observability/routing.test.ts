import { createHash } from "node:crypto";
import { createConnection } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Message, type Routing, startRouting, TOKEN } from "./routing.fixtures.ts";

/** Each with names of its own, because a group that Alertmanager knows already is not sent again at once. */
let routing: Routing;
beforeAll(async () => {
  routing = await startRouting();
});
afterAll(() => routing?.stop());
beforeEach(() => routing.clear());

const ways = (messages: Message[]) => messages.map(({ channel, to }) => `${channel} ${to}`).sort();

const CRITICAL = ["email on-call@media.example", "pagerduty key …0000", "slack #critical-alerts", "webhook critical"];
const WARNING = ["email team@media.example", "slack #alerts", "webhook warning"];
const INFO = ["slack #monitoring", "webhook info"];

describe("a real Alertmanager with our configuration", () => {
  test.each([
    ["critical", CRITICAL],
    ["warning", WARNING],
    ["info", INFO],
    // From elsewhere, as no rule of ours has it: people read it later, and no page is sent.
    ["unheard-of", WARNING],
  ])("sends an alert of severity %s to exactly its receivers", async (severity, expected) => {
    await routing.inject([{ alertname: `One-${severity}`, severity, category: `only-${severity}` }]);
    const messages = await routing.messages(expected.length);
    expect(ways(messages)).toEqual(expected);
    expect(new Set(messages.flatMap(({ alerts }) => alerts))).toEqual(new Set([`One-${severity}`]));
    expect(new Set(messages.map(({ status }) => status))).toEqual(new Set(["firing"]));
  });

  test("sends the Watchdog to none of the people's receivers", async () => {
    await routing.inject([{ alertname: "Watchdog", severity: "heartbeat", category: "watchdog" }]);
    expect(await routing.messages(0)).toEqual([]);
  });

  test("has PagerDuty's incidents under the hash of the key that the responder is told, from their beginning to their end", async () => {
    const alert = { alertname: "Keyed", severity: "critical", category: "keyed" };
    await routing.inject([alert]);
    const begun = await routing.messages(CRITICAL.length);
    const groupKey = begun.find(({ channel }) => channel === "webhook")?.body.groupKey ?? "";
    const key = createHash("sha256").update(groupKey).digest("hex");
    await routing.inject([alert], new Date().toISOString());
    const all = await routing.messages(2 * CRITICAL.length);
    const paged = all.filter(({ channel }) => channel === "pagerduty").map(({ body }) => body);
    expect(paged.map(({ event_action, dedup_key }) => [event_action, dedup_key])).toEqual([
      ["trigger", key],
      ["resolve", key],
    ]);
  });

  test("gives critical messages to Slack a button that says which group is meant, and no others", async () => {
    await routing.inject([
      { alertname: "Pressed", severity: "critical", category: "pressed" },
      { alertname: "NotPressed", severity: "warning", category: "not-pressed" },
    ]);
    const slack = (await routing.messages(CRITICAL.length + WARNING.length)).filter(
      ({ channel }) => channel === "slack",
    );
    const buttons = slack.map(({ to, body }) => [to, body.attachments?.[0]?.actions ?? []]);
    const button = { type: "button", name: "acknowledge", text: "Acknowledge", value: "pressed" };
    expect(Object.fromEntries(buttons)).toEqual({ "#critical-alerts": [button], "#alerts": [] });
  });

  test("joins 500 alerts into one message for each way", async () => {
    const alerts = Array.from({ length: 500 }, (_, n) => ({
      alertname: "Many",
      severity: "critical",
      category: "many",
      instance: `i${n}`,
    }));
    await routing.inject(alerts);
    expect(ways(await routing.messages(CRITICAL.length))).toEqual(CRITICAL);
  });

  test("keeps a warning back while the same thing is critical, and not of another instance", async () => {
    const about = (instance: string) => ({ category: "kept", instance });
    await routing.inject([
      { alertname: "Full", severity: "critical", ...about("a") },
      { alertname: "High", severity: "warning", ...about("a") },
      { alertname: "HighElsewhere", severity: "warning", ...about("b") },
    ]);
    const messages = await routing.messages(CRITICAL.length + WARNING.length);
    expect(messages.filter(({ severity }) => severity === "warning").flatMap(({ alerts }) => alerts)).not.toContain(
      "High",
    );
    expect(ways(messages)).toEqual([...CRITICAL, ...WARNING].sort());
  });

  test("sends nothing of what is silenced", async () => {
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    const matchers = [{ name: "alertname", value: "Silenced", isRegex: false, isEqual: true }];
    const body = { matchers, startsAt: at(0), endsAt: at(60), createdBy: "test", comment: "test" };
    const headers = { "content-type": "application/json" };
    await fetch(`${routing.url}/api/v2/silences`, { method: "POST", headers, body: JSON.stringify(body) });
    await routing.inject([{ alertname: "Silenced", severity: "critical", category: "silenced" }]);
    expect(await routing.messages(0)).toEqual([]);
  });
});

describe("the sink", () => {
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${routing.sinkUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  test.each([
    [
      "PagerDuty, an event without payload",
      "/pagerduty/v2/enqueue",
      { routing_key: "k", event_action: "trigger" },
      {},
      400,
    ],
    [
      "PagerDuty, an unknown severity",
      "/pagerduty/v2/enqueue",
      { routing_key: "k", event_action: "trigger", payload: { summary: "s", source: "s", severity: "grave" } },
      {},
      400,
    ],
    ["Slack, nothing to say", "/slack/alerts", { attachments: [] }, {}, 400],
    ["the webhook, a forged token", "/webhook", {}, { authorization: "Bearer forged" }, 401],
    ["the webhook, no token", "/webhook", {}, {}, 401],
    ["the webhook, not an alert", "/webhook", { version: "4" }, { authorization: `Bearer ${TOKEN}` }, 400],
  ] as const)("refuses as %s would", async (_, path, body, headers, status) => {
    expect((await post(path, body, headers)).status).toBe(status);
    expect(await routing.messages(0)).toEqual([]);
  });

  test("shows what came on a page that runs no script", async () => {
    await post("/slack/alerts", { attachments: [{ title: "[FIRING] warning: A<script> - b" }] });
    const page = await (await fetch(routing.sinkUrl)).text();
    expect(page).toContain("A&lt;script&gt;");
    expect(page).not.toContain("<script");
  });

  test("speaks SMTP, without TLS", async () => {
    const greeting = await new Promise<string>((resolve) => {
      const socket = createConnection(routing.smtpPort, "127.0.0.1");
      socket.on("data", (chunk) => {
        // The server speaks first.
        if (String(chunk).startsWith("220")) socket.write("EHLO test\r\n");
        if (!String(chunk).startsWith("250")) return;
        socket.end("QUIT\r\n");
        resolve(String(chunk));
      });
    });
    expect(greeting).not.toContain("STARTTLS");
  });
});
