import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Plan, PlannedRequest, PlannedStep, Session } from "../../plan/plan.ts";
import type { Target } from "../tool.ts";

/** The part of Playwright that is used; its types are not installed. */
interface Page {
  goto(url: string, options: { waitUntil: "load"; timeout: number }): Promise<Answered | null>;
  evaluate(expression: string): Promise<unknown>;
}
interface Answered {
  status(): number;
  text(): Promise<string>;
  headers(): Record<string, string>;
}
interface Route {
  fulfill(answer: { contentType: string; body: string }): Promise<void>;
}
interface Context {
  newPage(): Promise<Page>;
  route(url: string, handle: (route: Route) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}
interface Browser {
  newContext(options: Record<string, unknown>): Promise<Context>;
  close(): Promise<void>;
}

/** So long before its moment a session's window is opened: a person, too, has the browser open. */
const LEAD_MS = 2_000;

const { PLAN = "", TARGET = "", EVENTS = "", PLAYWRIGHT = "", CHROMIUM = "" } = process.env;
const plan = JSON.parse(readFileSync(PLAN, "utf8")) as Plan;
const target = JSON.parse(readFileSync(TARGET, "utf8")) as Target & { markHeader: string; timeoutSeconds: number };
const { chromium } = (await import(PLAYWRIGHT)) as { chromium: { launch(options: object): Promise<Browser> } };

/** An empty document of the target's origin, answered here: from it the browser may send what the journeys ask for. */
const BLANK = `${target.url}/.load-test-blank`;

/** Runs in the page. The answer of a failed fetch does not say why it failed. */
const FETCH = `async ({ url, timeoutMs, options }) => {
  const from = performance.now();
  const us = () => (performance.now() - from) * 1000;
  try {
    const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(timeoutMs) });
    const body = await answer.text();
    return { us: us(), status: answer.status, body, trace: answer.headers.get("x-trace-id") };
  } catch (error) {
    return { us: us(), status: 0, body: "", trace: null, failure: error.name === "TimeoutError" ? "timeout" : "connection-lost" };
  }
}`;

let pending = "";
const write = (line: string) => {
  pending += `${line}\n`;
};
const flush = () => {
  if (pending !== "") appendFileSync(EVENTS, pending);
  pending = "";
};

writeFileSync(EVENTS, "");
const browser = await chromium.launch({ executablePath: CHROMIUM, handleSIGINT: false });
const flusher = setInterval(flush, 250);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const started = performance.now() + LEAD_MS;
const now = () => performance.now() - started;

const running = new Set<Promise<void>>();
for (const session of plan.sessions) {
  await until(session.atMs - LEAD_MS);
  if (stop.signal.aborted) break;
  const one: Promise<void> = runSession(session)
    // A window that this machine cannot open: its session is not begun, or not ended, and counted as that.
    .catch((error: Error) => {
      process.stderr.write(`${error.message}\n`);
    })
    .finally(() => running.delete(one));
  running.add(one);
}
await Promise.race([Promise.all(running), aborted()]);
clearInterval(flusher);
flush();
await browser.close();
// The processor time of the browser's processes is counted once they have ended; it is read four times a second.
await sleep(600);
process.exit(0);

async function until(ms: number): Promise<void> {
  const wait = ms - now();
  if (wait > 0) await sleep(wait, undefined, { signal: stop.signal }).catch(() => {});
}

function aborted(): Promise<void> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener("abort", () => resolve());
  });
}

async function runSession(session: Session): Promise<void> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: target.ca !== undefined,
    bypassCSP: true,
    extraHTTPHeaders: { [target.markHeader]: target.mark },
  });
  try {
    await context.route(BLANK, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
    const page = await context.newPage();
    await page.goto(BLANK, { waitUntil: "load", timeout: 30_000 });
    await until(session.atMs);
    if (stop.signal.aborted) return;
    const begun = now();
    write(`b ${(begun - session.atMs).toFixed(3)}`);
    const saved = new Map<string, string>();
    for (const request of session.requests) {
      await until(begun + request.atMs);
      if (stop.signal.aborted) return;
      await send(page, request, saved);
    }
    write("e");
  } finally {
    await context.close().catch(() => {});
  }
}

interface Seen {
  readonly us: number;
  readonly status: number;
  readonly body: string;
  readonly trace: string | null;
  readonly failure?: string;
}

async function send(page: Page, request: PlannedRequest, saved: Map<string, string>): Promise<void> {
  const step = plan.steps[request.step] as PlannedStep;
  const needed = /\{(\w+)\}/.exec(request.path);
  const value = saved.get(needed?.[1] ?? "");
  if (needed && value === undefined) return write(`k ${request.step}`);
  const url = `${target.url}${needed ? request.path.replace(needed[0], value ?? "") : request.path}`;
  const { us, status, body, trace, failure } = step.page
    ? await open(page, url)
    : ((await page.evaluate(`(${FETCH})(${JSON.stringify(callOf(url, request, step))})`)) as Seen);
  const problem = /"type"\s*:\s*"\/problems\/([a-z0-9-]+)"/.exec(body)?.[1];
  const error = failure ?? (status === step.status ? "-" : (problem ?? `http-${status}`));
  if (error === "-" && Object.keys(step.save).length > 0) {
    const members = JSON.parse(body) as Record<string, unknown>;
    for (const [name, member] of Object.entries(step.save)) saved.set(name, String(members[member]));
  }
  write(`s ${request.step} ${Math.round(now())} ${Math.round(us)} ${status} ${error} ${trace ?? "-"}`);
}

async function open(page: Page, url: string): Promise<Seen> {
  const from = performance.now();
  try {
    const answer = await page.goto(url, { waitUntil: "load", timeout: target.timeoutSeconds * 1_000 });
    const us = (await page.evaluate(`performance.getEntriesByType("navigation")[0].duration * 1000`)) as number;
    const status = answer?.status() ?? 0;
    const body = status >= 400 ? ((await answer?.text()) ?? "") : "";
    return { us, status, body, trace: answer?.headers()["x-trace-id"] ?? null };
  } catch (error) {
    const { message } = error as Error;
    const failure = /Timeout/.test(message)
      ? "timeout"
      : /REFUSED/.test(message)
        ? "connection-refused"
        : "connection-lost";
    return { us: (performance.now() - from) * 1_000, status: 0, body: "", trace: null, failure };
  }
}

function callOf(url: string, { method, body, key }: PlannedRequest, { signedIn }: PlannedStep) {
  const headers = {
    ...(signedIn && { Authorization: `Bearer ${target.token}` }),
    ...(key && { "Idempotency-Key": key }),
    ...(body && { "Content-Type": "application/json" }),
  };
  const timeoutMs = target.timeoutSeconds * 1_000;
  return { url, timeoutMs, options: { method, headers, body, redirect: "manual", cache: "no-store" } };
}
