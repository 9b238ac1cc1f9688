import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Props } from "../lib/values.ts";
import { ApiError, type Client, isNotFound, type RequestOptions } from "./client.ts";
import { explain } from "./explain.ts";
import { ANNOTATION, annotation } from "./identity.ts";
import { awaitsAll, KSTATUS } from "./kstatus.ts";
import { judgeFor } from "./readiness.ts";
import { fetchRelated } from "./related.ts";
import { type Judge, type Moment, type Verdict, wait } from "./verdict.ts";
import { View } from "./view.ts";
import { waitForJudge } from "./waitfor.ts";

const DEFAULT_TIMEOUT_SECONDS = 600;
/** How long a wait lets the server be silent before it tries again. */
const READ_TIMEOUT_MS = 10_000;
const SHORTEST_READ_MS = 1000;

export interface Waiting {
  /** Seconds from customTimeouts; 0 when there are none. */
  timeout: number;
  /** Aborts when the deployment is cancelled. */
  signal: AbortSignal;
  status(message: string): void;
}

/** The object after the wait, with what keeps it from being ready; no reasons means that it is. */
export interface Outcome {
  live: Props;
  reasons: string[];
}

/** The judge for an object: the one that its annotation asks for, else its kind's; none to not wait. */
export function chooseJudge(inputs: Props, live: Props): Judge | undefined {
  if (annotation(inputs, ANNOTATION.skipAwait) === "true") return undefined;
  const asked = annotation(inputs, ANNOTATION.waitFor);
  return asked ? waitForJudge(asked) : (judgeFor(live) ?? (awaitsAll() ? KSTATUS : undefined));
}

/** customTimeouts, else the annotation, else the kind's own. */
export function timeoutSeconds(inputs: Props, judge: Judge | undefined, custom: number): number {
  const annotated = Number(annotation(inputs, ANNOTATION.timeout) ?? Number.NaN);
  if (custom > 0) return custom;
  return Number.isFinite(annotated) && annotated > 0 ? annotated : (judge?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
}

/**
 * Waits until an object is ready, its wait fails, its time is over or the deployment is cancelled. Events say when to look; what is
 * decided is decided by a read of the object and then of what belongs to it, because events of different kinds come in any order.
 */
export async function awaitReady(
  client: Client,
  path: string,
  first: Props,
  inputs: Props,
  waiting: Waiting,
): Promise<Outcome> {
  const judge = chooseJudge(inputs, first);
  if (!judge) return { live: first, reasons: [] };
  const seconds = timeoutSeconds(inputs, judge, waiting.timeout);
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  try {
    return await untilReady(client, path, first, judge, { ...waiting, seconds, end: end.signal });
  } finally {
    end.abort();
  }
}

interface Wait extends Waiting {
  seconds: number;
  /** Aborts when the wait is over, for whatever reason. */
  end: AbortSignal;
}

async function untilReady(client: Client, path: string, first: Props, judge: Judge, waiting: Wait): Promise<Outcome> {
  const deadline = Date.now() + waiting.seconds * 1000;
  const timeoutMs = () => Math.min(READ_TIMEOUT_MS, Math.max(SHORTEST_READ_MS, deadline - Date.now()));
  const read = async (object: Props, settledMs: number): Promise<Moment | undefined> =>
    withRelated(client, judge, { object, settledMs }, { timeoutMs: timeoutMs(), signal: waiting.signal });
  const before = await read(first, 0);
  let moment = before ?? { object: first, related: {}, settledMs: 0 };
  let verdict = before ? judge.judge(before) : silent([]);
  let view: View | undefined;
  for (;;) {
    if (verdict.ready) return done(moment.object, waiting);
    const expired = Date.now() >= deadline;
    if (expired && isAnswered(verdict) && judge.acceptAtTimeout?.(moment)) return done(moment.object, waiting);
    if (verdict.failed) return notReady(client, judge, moment, verdict, []);
    if (waiting.signal.aborted) return notReady(client, judge, moment, verdict, ["Cancelled while waiting"]);
    if (expired) return notReady(client, judge, moment, verdict, [`Not ready after ${waiting.seconds} s`]);
    waiting.status(verdict.pending[0] ?? "Waiting");
    if (waiting.signal.aborted) continue;
    view ??= await View.open(client, path, moment.object, judge, waiting.end);
    await untilPromising(view, judge, deadline, waiting);
    const live = waiting.signal.aborted ? undefined : await readLive(client, path, timeoutMs());
    if (live === GONE) {
      return { live: moment.object, reasons: ["The object was deleted by something else while waiting"] };
    }
    const now = live && (await read(live, view.settledMs));
    verdict = now ? judge.judge(now) : silent(verdict.pending);
    moment = now ?? moment;
  }
}

/** Until what the events say is worth a read, or the time is over. */
async function untilPromising(view: View, judge: Judge, deadline: number, waiting: Wait): Promise<void> {
  for (;;) {
    await view.news(Math.max(1, deadline - Date.now()), waiting.signal);
    if (waiting.signal.aborted || Date.now() >= deadline || !view.object) return;
    if (!view.moment) continue;
    const verdict = judge.judge(view.moment);
    if (verdict.ready || verdict.failed) return;
    waiting.status(view.trouble ?? verdict.pending[0] ?? "Waiting");
  }
}

const SILENCE = "The API server does not answer";
/** A server that does not answer has not said that anything is ready. */
const silent = (pending: string[]): Verdict => wait(...new Set([...pending, SILENCE]));
const isAnswered = ({ pending }: Verdict): boolean => !pending.includes(SILENCE);

/** The object with what belongs to it; undefined when the server does not answer. */
async function withRelated(
  client: Client,
  judge: Judge,
  known: Omit<Moment, "related">,
  options: RequestOptions,
): Promise<Moment | undefined> {
  try {
    return { ...known, related: await fetchRelated(client, known.object, judge.needs ?? [], options) };
  } catch {
    return undefined;
  }
}

/** Judges an object as it is now, for a refresh: nothing is waited for. */
export async function judgeNow(client: Client, live: Props, inputs: Props): Promise<string[]> {
  const judge = chooseJudge(inputs, live);
  if (!judge?.onRead) return [];
  const related = await fetchRelated(client, live, judge.needs ?? []);
  const moment = { object: live, related, settledMs: Number.POSITIVE_INFINITY };
  const verdict = judge.judge(moment);
  return verdict.ready ? [] : (await notReady(client, judge, moment, verdict, [])).reasons;
}

function done(live: Props, waiting: Waiting): Outcome {
  waiting.status("✅ ready");
  return { live, reasons: [] };
}

async function notReady(
  client: Client,
  judge: Judge,
  moment: Moment,
  verdict: Verdict,
  head: string[],
): Promise<Outcome> {
  const why = isAnswered(verdict) ? await whyNot(client, judge, moment) : [];
  return { live: moment.object, reasons: [...head, ...verdict.pending, ...why] };
}

export const GONE = Symbol("gone");

/** The live object, or that it is gone; undefined when the server does not answer. */
export async function readLive(
  client: Client,
  path: string,
  timeoutMs = READ_TIMEOUT_MS,
): Promise<Props | typeof GONE | undefined> {
  try {
    return await client.json("GET", path, { timeoutMs });
  } catch (error) {
    if (isNotFound(error)) return GONE;
    if (error instanceof ApiError && error.code < 500 && error.code !== 429) throw error;
    return undefined;
  }
}

function whyNot(client: Client, judge: Judge, { object, related }: Moment): Promise<string[]> {
  const explained = explain(client, object, Object.values(related).flat(), judge.hasPods ?? false);
  return inTime(explained, READ_TIMEOUT_MS).catch((error) => [`(no more known: ${error.message})`]);
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const end = new AbortController();
  const late = delay(ms, undefined, { signal: end.signal }).then(
    () => Promise.reject(new Error(`no answer in ${ms / 1000} s`)),
    () => work,
  );
  return Promise.race([work, late]).finally(() => end.abort());
}
