import type { Props } from "../lib/values.ts";
import { ApiError, type Client, isNotFound } from "./client.ts";
import { explain, sickSummary } from "./explain.ts";
import { ANNOTATION, annotation } from "./identity.ts";
import { awaitsAll, KSTATUS } from "./kstatus.ts";
import { judgeFor } from "./readiness.ts";
import { fetchRelated, podsOf } from "./related.ts";
import type { Judge, Moment, Verdict } from "./verdict.ts";
import { waitForJudge } from "./waitfor.ts";

const POLL_MS = 500;
/** How often pods are looked at while waiting, for the status column. */
const LOOK_AT_PODS_MS = 3000;
const DEFAULT_TIMEOUT_SECONDS = 600;

export interface Waiting {
  /** Seconds from customTimeouts; 0 when there are none. */
  timeout: number;
  sleep(ms: number): Promise<void>;
  cancelled(): boolean;
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

/** Waits until an object is ready, its wait fails, its time is over or the deployment is cancelled. */
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
  const deadline = Date.now() + seconds * 1000;
  const look = looker(client, judge);
  const trouble = troubleOf(client, judge);
  let moment = await look(first);
  for (;;) {
    const verdict = judge.judge(moment);
    if (verdict.ready) return done(moment.object, waiting);
    const expired = Date.now() >= deadline;
    if (expired && judge.acceptAtTimeout?.(moment)) return done(moment.object, waiting);
    if (verdict.failed || expired || waiting.cancelled()) {
      const head = verdict.failed
        ? []
        : [waiting.cancelled() ? "Cancelled while waiting" : `Not ready after ${seconds} s`];
      return notReady(client, judge, moment, verdict, head);
    }
    waiting.status((await trouble(moment.object)) ?? verdict.pending[0] ?? "Waiting");
    await waiting.sleep(Math.min(POLL_MS, Math.max(1, deadline - Date.now())));
    const live = await getLive(client, path, moment.object);
    if (!live) return { live: moment.object, reasons: ["The object was deleted by something else while waiting"] };
    moment = await look(live);
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
  const why = await explain(client, moment.object, Object.values(moment.related).flat(), judge.hasPods ?? false).catch(
    (error) => [`(no more known: ${error.message})`],
  );
  return { live: moment.object, reasons: [...head, ...verdict.pending, ...why] };
}

/** What is wrong with an object's pods, looked at now and then. */
function troubleOf(client: Client, judge: Judge): (object: Props) => Promise<string | undefined> {
  let [trouble, lookedAt]: [string | undefined, number] = [undefined, 0];
  return async (object) => {
    if (!judge.hasPods || Date.now() - lookedAt < LOOK_AT_PODS_MS) return trouble;
    lookedAt = Date.now();
    trouble = await podsOf(client, object).then(sickSummary, () => undefined);
    return trouble;
  };
}

/** Adds to a live object what belongs to it, and for how long that has not changed. */
function looker(client: Client, judge: Judge): (object: Props) => Promise<Moment> {
  let [seen, changedAt]: [string, number] = ["", Date.now()];
  return async (object) => {
    const related = await fetchRelated(client, object, judge.needs ?? []).catch(() => ({}));
    const now = JSON.stringify(related);
    if (now !== seen) [seen, changedAt] = [now, Date.now()];
    return { object, related, settledMs: Date.now() - changedAt };
  };
}

/** The live object; the last one seen while the API server does not answer; undefined when it is gone. */
async function getLive(client: Client, path: string, last: Props): Promise<Props | undefined> {
  try {
    return await client.json("GET", path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (error instanceof ApiError && error.code < 500 && error.code !== 429) throw error;
    return last;
  }
}
