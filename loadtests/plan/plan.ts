import { operationOf } from "../journeys/check.ts";
import type { Journey, Step, Value } from "../journeys/journey.ts";
import { UserError } from "../lib/errors.ts";
import { type Random, randomFrom, seedOf, wholeBetween } from "../lib/random.ts";
import { arrivals, countOf, type Stretch, secondsOf } from "../shapes/expand.ts";

/** A request as every tool sends it. `{name}` in its path stands for what an earlier step saved. */
export interface PlannedRequest {
  /** Index in the plan's steps. */
  readonly step: number;
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  readonly body?: string;
  /** For POSTs, so that one that is sent again does nothing twice. */
  readonly key?: string;
  /** After the moment the session began, if every answer came at once. Milliseconds. */
  readonly atMs: number;
}

export interface Session {
  /** When it begins, in milliseconds since the run's begin. */
  readonly atMs: number;
  readonly requests: readonly PlannedRequest[];
}

/** What is the same in all requests of a step. */
export interface PlannedStep {
  readonly name: string;
  readonly journey: string;
  readonly operation: string;
  /** Route as the service's metrics call it. */
  readonly route: string;
  /** Carries the user's token. */
  readonly signedIn: boolean;
  /** A browser opens it as a page. */
  readonly page: boolean;
  readonly status: number;
  readonly save: Readonly<Record<string, string>>;
}

/** All that a run sends, made before it begins, so that every tool sends the same. */
export interface Plan {
  readonly seconds: number;
  readonly stretches: readonly Stretch[];
  readonly steps: readonly PlannedStep[];
  readonly sessions: readonly Session[];
}

export interface PlanArgs {
  readonly journeys: readonly Journey[];
  readonly stretches: readonly Stretch[];
  readonly seed: number;
  /** First of the titles asked for; each run that is to create something needs others. */
  readonly titleOffset: number;
}

/** Bounds of one run: what comes from a mistyped number must not flood anything. */
export const MAX_REQUESTS = 2_000_000;
export const MAX_SECONDS = 4 * 3_600;
/** Titles above are unknown to the double of TMDB. */
export const MAX_TITLE = 800_000_000;

/** Makes the sessions of a run. The same arguments make the same plan. */
export function makePlan({ journeys, stretches, seed, titleOffset }: PlanArgs): Plan {
  const seconds = secondsOf(stretches);
  if (seconds > MAX_SECONDS)
    throw new UserError(`the run would take ${Math.round(seconds)} s`, `take SECONDS=${MAX_SECONDS} or fewer`);
  const most = countOf(stretches) * Math.max(...journeys.map((journey) => journey.steps.length));
  if (most > MAX_REQUESTS)
    throw new UserError(
      `the run would send up to ${most} requests`,
      `${MAX_REQUESTS} are the most: take a lower RATE or fewer SECONDS`,
    );
  const steps = journeys.flatMap((journey) => journey.steps.map((step) => plannedStep(journey, step)));
  const first = new Map<Journey, number>();
  let index = 0;
  for (const journey of journeys) {
    first.set(journey, index);
    index += journey.steps.length;
  }
  let titles = 0;
  const freshTitle = () => ((titleOffset + titles++) % MAX_TITLE) + 1;
  const sessions = arrivals(stretches).map((atMs, session) => {
    const random = randomFrom(seedOf(seed, session));
    const journey = choose(journeys, random);
    // A key stands for one request: it is another where other titles are asked for.
    const key = `load-${seed}-${titleOffset}-${session}`;
    return { atMs, requests: requestsOf(journey, first.get(journey) ?? 0, random, freshTitle, key) };
  });
  return { seconds, stretches, steps, sessions };
}

function plannedStep(journey: Journey, step: Step): PlannedStep {
  const operation = operationOf(step);
  return {
    name: step.name,
    journey: journey.name,
    operation: step.operation,
    route: operation.path,
    signedIn: operation.access === "user",
    page: step.page ?? false,
    status: step.status ?? 200,
    save: step.save ?? {},
  };
}

function choose(journeys: readonly Journey[], random: Random): Journey {
  const all = journeys.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * all;
  for (const journey of journeys) {
    left -= journey.weight;
    if (left < 0) return journey;
  }
  return journeys.at(-1) as Journey;
}

function requestsOf(journey: Journey, first: number, random: Random, freshTitle: () => number, key: string) {
  const requests: PlannedRequest[] = [];
  let atMs = 0;
  journey.steps.forEach((step, index) => {
    const [least, most] = step.thinkSeconds ?? [0.5, 2];
    // Drawn also where the step is left out, so that a share which is changed does not change all that follows.
    const taken = random() < (step.share ?? 1);
    const think = least + random() * (most - least);
    if (!taken) return;
    const request = requestOf(step, random, freshTitle);
    requests.push({
      ...request,
      ...(request.method === "POST" && { key: `${key}-${index}` }),
      step: first + index,
      atMs: Math.round(atMs),
    });
    atMs += think * 1_000;
  });
  return requests;
}

function requestOf(step: Step, random: Random, freshTitle: () => number) {
  const operation = operationOf(step);
  const value = (from: Value): string | number => {
    if (typeof from !== "object") return from;
    if ("oneOf" in from) return from.oneOf[wholeBetween(random, 0, from.oneOf.length - 1)] as string | number;
    if ("between" in from) return wholeBetween(random, ...from.between);
    if ("fresh" in from) return freshTitle();
    return `{${from.saved}}`;
  };
  const values = (part: Readonly<Record<string, Value>> = {}) =>
    Object.entries(part).map(([name, from]) => [name, value(from)] as const);
  const params = Object.fromEntries(values(step.params));
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const given = String(params[name]);
    return given.startsWith("{") ? given : encodeURIComponent(given);
  });
  const query = values(step.query).map(([name, given]) => `${name}=${encodeURIComponent(given)}`);
  const method = operation.method === "get" ? ("GET" as const) : ("POST" as const);
  return {
    method,
    path: query.length > 0 ? `${path}?${query.join("&")}` : path,
    ...(step.body && { body: JSON.stringify(Object.fromEntries(values(step.body))) }),
  };
}
