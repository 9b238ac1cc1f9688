import type { components, paths } from "../../generated/contract.ts";
import { errorOf, offline } from "./problems.ts";
import { accessToken } from "./session.ts";

type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer A } } } };
}
  ? A
  : never;

export type MediaRequest = components["schemas"]["MediaRequest"];
export type Titles = components["schemas"]["Titles"];
export type Title = Titles["items"][number];
export type RequestPage = Answer<"/api/v1/requests">;
export type Trailers = Answer<"/api/v1/titles/{mediaType}/{tmdbId}/trailers">;
export type Library = Answer<"/api/v1/library">;
export type Plans = Answer<"/api/v1/plans">;
export type Subscription = Answer<"/api/v1/subscription">;
export type Services = Answer<"/api/v1/health/services">;

const TRIES = 3;
const FIRST_WAIT_MS = 500;
/** A longer wait is the user's to decide on. */
const MOST_WAIT_MS = 10_000;
/** Answers after which the same call can succeed: too many calls, and a service that is away for a moment. */
const PASSING = new Set([429, 502, 503, 504]);
/** Answers that are the same for everyone: they need no session, and work while there is none. */
const OPEN = /^\/api\/v1\/(discover|search|plans|titles\/)/;

/** A read: repeated with growing, jittered pauses while the error is one that passes. */
export async function read<T>(path: string): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const response = await send(path, { method: "GET" });
    if (response?.ok) return (await response.json()) as T;
    const error = response ? await errorOf(response) : offline();
    const pause = error.retryAfter ? error.retryAfter * 1_000 : FIRST_WAIT_MS * 2 ** (attempt - 1);
    if (attempt === TRIES || pause > MOST_WAIT_MS || (response && !PASSING.has(response.status))) throw error;
    await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
  }
}

/** A write: its key makes a repeat safe, so a click that got no answer can be repeated. */
export async function write<T>(path: string, body: unknown, key: string): Promise<T> {
  const response = await send(path, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response) throw offline();
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as T;
}

async function send(path: string, init: RequestInit): Promise<Response | undefined> {
  const token = OPEN.test(path) ? undefined : await accessToken();
  const headers = {
    ...(init.headers as Record<string, string>),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  return fetch(path, { ...init, headers }).catch(() => undefined);
}
