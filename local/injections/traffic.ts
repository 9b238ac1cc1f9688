import { randomInt, randomUUID } from "node:crypto";
import { setUpstreamFault } from "@media/drills/faults/upstream-failing";
import type { Target } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import type { Injected } from "./injection.ts";
import { emptied } from "./workloads.ts";

const NOTHING = async () => {};
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const api = ({ gatewayUrl, caPem: ca }: Target, path: string, options: object = {}) =>
  call(`${gatewayUrl}/api/v1${path}`, { ca, timeoutSeconds: 20, ...options });

/** A search that nobody has made before. */
const search = (target: Target) =>
  api(target, `/search?mediaType=movie&query=injection${randomInt(1e9)}`, {
    headers: as(target.credentials.devToken),
  });

/** TMDB fails, and users search. */
function failing(seconds: number, everyMs: number, more: Partial<Injected> = {}): Injected {
  return {
    by: "injection",
    fault: `TMDB answers 503, while a search is made every ${everyMs / 1_000} s`,
    undone: "TMDB answers again",
    seconds,
    async inject({ target, traffic }) {
      await setUpstreamFault(target.stack, "tmdb", { errorRate: 1 });
      traffic(everyMs, () => search(target));
    },
    undo: ({ target: { stack } }) => setUpstreamFault(stack, "tmdb", {}),
    ...more,
  };
}

/** Calls that are made until the alert is there; they end with the stage. */
const calls = (
  fault: string,
  seconds: number,
  everyMs: number,
  one: (target: Target) => Promise<unknown>,
): Injected => ({
  by: "injection",
  fault,
  undone: "it calls no more",
  seconds,
  inject: async ({ target, traffic }) => traffic(everyMs, () => one(target)),
  undo: NOTHING,
});

const upstream = (knobs: object, fault: string, seconds: number): Injected => ({
  by: "injection",
  fault,
  undone: "Plex answers as ever",
  seconds,
  inject: ({ target: { stack } }) => setUpstreamFault(stack, "plex", knobs),
  undo: ({ target: { stack } }) => setUpstreamFault(stack, "plex", {}),
});

/** An account without rights, made for this. */
async function visitorToken(target: Target): Promise<string> {
  const account = { email: `${randomUUID()}@injection.example.com`, password: randomUUID() };
  json(await api(target, "/auth/register", { method: "POST", body: { ...account, name: "Injection" } }), 201);
  const answer = await api(target, "/auth/login", { method: "POST", body: account });
  return json<{ accessToken: string }>(answer, 201).accessToken;
}

const sinkOf = ({ stack }: Target) => stack.outputs().then((outputs) => String(outputs?.sinkUrl));
const forged = (target: Target) => api(target, "/requests", { headers: as("x.y.z") });
const noWorker = emptied("deployment/worker", 420);

/** Of what users, outside services and receivers do. */
export const TRAFFIC = {
  // Before the others: they bring traffic that it must not see.
  ErrorsAtLowTraffic: failing(900, 20_000),
  ErrorRateHigh: failing(300, 500),
  ErrorBudgetBurnsFast: failing(600, 500),
  ErrorBudgetBurnsSlowly: failing(1_800, 500, { endSeconds: 3_600 }),
  OutsideServiceDown: upstream({ errorRate: 1 }, "Plex answers 503", 480),
  OutsideServiceSlow: upstream({ latencyMs: 1_200 }, "Plex answers after 1.2 s", 660),
  QueueDelayed: {
    ...noWorker,
    fault: "all workers are taken away, while a request is made every 5 s",
    async inject(stage) {
      const { target } = stage;
      await noWorker.inject(stage);
      const body = () => ({ mediaType: "movie", tmdbId: randomInt(1, 800_000_000) });
      stage.traffic(5_000, () =>
        api(target, "/requests", { method: "POST", headers: as(target.credentials.devToken), body: body() }),
      );
    },
  },
  NotificationsFail: {
    by: "injection",
    fault: "Slack answers 503, while there is an alert to tell of",
    undone: "Slack answers again",
    seconds: 300,
    async inject({ target, traffic }) {
      const sink = await sinkOf(target);
      json(await call(`${sink}/control/slack`, { method: "PUT", body: { errorRate: 1 } }), 200);
      const labels = { alertname: "Injection", severity: "warning", category: "injection" };
      traffic(30_000, () =>
        call(`${target.alertmanagerUrl}/api/v2/alerts`, { method: "POST", body: [{ labels, annotations: {} }] }),
      );
    },
    undo: async ({ target }) => void (await call(`${await sinkOf(target)}/control/slack`, { method: "DELETE" })),
  },
  LoginsRefused: calls("one address tries passwords as fast as it is let", 600, 3_000, (target) =>
    api(target, "/auth/login", {
      method: "POST",
      body: { email: "nobody@injection.example.com", password: randomUUID() },
    }),
  ),
  TokensInvalid: calls("two calls a second come with a token that was made up", 240, 500, forged),
  RightsProbed: {
    by: "injection",
    fault: "an account without rights asks for the list of all users twice a second",
    undone: "it asks no more",
    seconds: 240,
    async inject({ target, traffic }) {
      const headers = as(await visitorToken(target));
      traffic(500, () => api(target, "/admin/users", { headers }));
    },
    undo: NOTHING,
  },
  DataReadInBulk: calls("an administrator reads requests, ten times a second", 300, 100, (target) =>
    api(target, "/requests", { headers: as(target.credentials.devToken) }),
  ),
  ClientErrorsMany: calls("a client makes five refused calls a second", 300, 200, forged),
} as const satisfies Record<string, Injected>;
