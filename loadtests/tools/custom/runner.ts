import type { Plan, PlannedRequest, Session } from "../../plan/plan.ts";
import { Collector } from "../../results/collector.ts";
import { SYNTHETIC, type Target, TIMEOUT_SECONDS } from "../tool.ts";
import { type Answer, type Failure, valueOf } from "./connection.ts";
import { Pool } from "./pool.ts";

/** Connections at most; each is a file descriptor here and at the gateway. */
const CONNECTIONS = 1_000;

/**
 * Runs a plan in the open model: each request is sent at its moment, whatever became of those before, and its latency
 * counts from that moment. Only a request that needs what another one answered waits for that, and is due then.
 */
export class Runner {
  readonly collector: Collector;
  readonly #plan: Plan;
  readonly #target: Target;
  readonly #host: string;
  readonly #pool: Pool;
  #started = 0;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Later requests of sessions that have begun, by moment. */
  readonly #due: Due[] = [];
  #ended = Promise.withResolvers<void>();

  constructor(plan: Plan, target: Target) {
    const url = new URL(target.url);
    const secure = url.protocol === "https:";
    const port = Number(url.port || (secure ? 443 : 80));
    const host = url.hostname.replace(/^\[|\]$/g, "");
    this.collector = new Collector(plan);
    this.#plan = plan;
    this.#target = target;
    this.#host = url.host;
    this.#pool = new Pool({
      host,
      port,
      secure,
      connections: CONNECTIONS,
      timeoutMs: TIMEOUT_SECONDS * 1_000,
      ...(target.ca && { ca: target.ca }),
    });
  }

  now(): number {
    return performance.now() - this.#started;
  }

  /** Ends when every session has ended, or soon after `stop`. */
  async run(): Promise<void> {
    this.#started = performance.now();
    this.#tick();
    await this.#ended.promise;
    clearTimeout(this.#timer);
    this.#pool.close();
  }

  /** No session begins any more, and those at work end with the answer they wait for. */
  stop(): void {
    this.#stopped = true;
    this.#due.length = 0;
    setTimeout(() => this.#ended.resolve(), 1_000).unref();
    this.#endIfDone();
  }

  #tick(): void {
    const now = this.now();
    const { sessions } = this.#plan;
    for (let session = sessions[this.#next]; session && !this.#stopped && session.atMs <= now; session = sessions[this.#next]) {
      this.#next += 1;
      this.collector.begun += 1;
      this.#begin(session);
    }
    for (let due = this.#due[0]; due && due.atMs <= now; due = this.#due[0]) {
      popDue(this.#due);
      due.send();
    }
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const session = this.#stopped ? undefined : this.#plan.sessions[this.#next];
    const nextMs = Math.min(session?.atMs ?? Number.POSITIVE_INFINITY, this.#due[0]?.atMs ?? Number.POSITIVE_INFINITY);
    if (nextMs === Number.POSITIVE_INFINITY) return this.#endIfDone();
    // Timers count whole milliseconds and may be early by a part of one: that part is waited for in turns of the loop.
    const left = nextMs - this.now();
    if (left < 1) setImmediate(() => this.#tick());
    else this.#timer = setTimeout(() => this.#tick(), Math.floor(left));
  }

  #endIfDone(): void {
    const { begun, ended } = this.collector;
    if ((this.#stopped || this.#next === this.#plan.sessions.length) && begun === ended) this.#ended.resolve();
  }

  #begin(session: Session): void {
    const saved = new Map<string, string>();
    const lost = new Set<string>();
    const waiting = new Map<string, (() => void)[]>();
    let left = session.requests.length;
    const finish = () => {
      left -= 1;
      if (left > 0) return;
      this.collector.ended += 1;
      if (this.#next === this.#plan.sessions.length || this.#stopped) this.#endIfDone();
    };
    const send = (request: PlannedRequest, dueMs: number): void => {
      const needed = /\{(\w+)\}/.exec(request.path)?.[1];
      if (needed !== undefined && lost.has(needed)) {
        this.collector.skip(request.step);
        return finish();
      }
      if (needed !== undefined && !saved.has(needed)) {
        const others = waiting.get(needed) ?? [];
        waiting.set(needed, [...others, () => send(request, Math.max(dueMs, this.now()))]);
        return;
      }
      this.#send(request, dueMs, saved, (good) => {
        for (const name of Object.keys(this.#plan.steps[request.step]?.save ?? {})) {
          if (!good || !saved.has(name)) lost.add(name);
          for (const go of waiting.get(name) ?? []) go();
          waiting.delete(name);
        }
        finish();
      });
    };
    for (const request of session.requests) {
      const atMs = session.atMs + request.atMs;
      if (request.atMs === 0) send(request, atMs);
      else pushDue(this.#due, { atMs, send: () => send(request, atMs) });
    }
    if (session.requests.length === 0) {
      left = 1;
      finish();
    }
  }

  #send(request: PlannedRequest, dueMs: number, saved: Map<string, string>, done: (good: boolean) => void): void {
    const step = this.#plan.steps[request.step];
    if (!step) return done(false);
    this.collector.late((this.now() - dueMs) * 1_000);
    const saves = Object.entries(step.save);
    this.#pool.send(this.#bytes(request, step.signedIn, saved), saves.length > 0, (answer, failure) => {
      const endMs = this.now();
      const error = errorOf(answer, failure, step.status);
      const traceId = answer && valueOf(answer.head, "x-trace-id");
      this.collector.add({
        step: request.step,
        endMs,
        us: (endMs - dueMs) * 1_000,
        status: answer?.status ?? 0,
        ...(error !== undefined && { error }),
        ...(traceId !== undefined && { traceId }),
      });
      if (answer && error === undefined && saves.length > 0) keep(answer.body, saves, saved);
      done(error === undefined);
    });
  }

  #bytes({ method, path, body, key }: PlannedRequest, signedIn: boolean, saved: Map<string, string>): string {
    const lines = [
      `${method} ${path.replace(/\{(\w+)\}/, (_, name: string) => saved.get(name) ?? "")} HTTP/1.1`,
      `Host: ${this.#host}`,
      `${SYNTHETIC}: ${this.#target.mark}`,
      ...(signedIn ? [`Authorization: Bearer ${this.#target.token}`] : []),
      ...(key ? [`Idempotency-Key: ${key}`] : []),
      ...(body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`]),
    ];
    return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
  }
}

function errorOf(answer: Answer | undefined, failure: Failure | undefined, wanted: number): string | undefined {
  if (!answer) return failure ?? "connection-lost";
  return answer.status === wanted ? undefined : (problemIn(answer.body) ?? `http-${answer.status}`);
}

/** The code of a problem document (RFC 9457). */
export function problemIn(body: string): string | undefined {
  const type = /"type"\s*:\s*"\/problems\/([a-z0-9-]+)"/.exec(body);
  return type?.[1];
}

function keep(body: string, saves: readonly [string, string][], saved: Map<string, string>): void {
  try {
    const members = JSON.parse(body) as Record<string, unknown>;
    for (const [name, member] of saves) if (members[member] !== undefined) saved.set(name, String(members[member]));
  } catch {
    // An answer that is not JSON saves nothing: what builds on it is skipped and counted.
  }
}

interface Due {
  readonly atMs: number;
  readonly send: () => void;
}

/** A binary heap, the earliest first. */
function pushDue(heap: Due[], item: Due): void {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if ((heap[parent] as Due).atMs <= item.atMs) break;
    heap[at] = heap[parent] as Due;
    at = parent;
  }
  heap[at] = item;
}

function popDue(heap: Due[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as Due).atMs < (heap[child] as Due).atMs) child += 1;
    if ((heap[child] as Due).atMs >= last.atMs) break;
    heap[at] = heap[child] as Due;
    at = child;
  }
  heap[at] = last;
}
