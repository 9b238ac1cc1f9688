import { setTimeout as sleep } from "node:timers/promises";
import { createTokens } from "../src/auth/tokens.ts";
import { CATALOGUE, OF_GATEWAY, type ProblemCode } from "../src/errors/catalogue.ts";
import { CLASSES, LAYERS, SOURCES } from "../src/errors/kinds.ts";
import { ERRORS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { POLICIES } from "../src/resilience/policies.ts";
import { type Answer, call, getAs, metric, PASSWORD, person, post, postAs } from "./calls.ts";
import { event, sendEvent, useUp } from "./payments.ts";
import { DEV_TOKEN, eventually, IN_TIME, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let strict: Running;
const { log, lines } = readableLog("api");
let nextId = 30_000;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({}, { ...IN_TIME, log });
  strict = await platform.api({ RATE_LIMIT_PER_MINUTE: "1" }, { log });
});
afterAll(() => platform?.stop());

const movie = (tmdbId = ++nextId) => ({ mediaType: "movie", tmdbId });

/** A real request for every entry of the catalogue: one without does not compile, one that is not reached fails. */
type OwnCode = Exclude<ProblemCode, (typeof OF_GATEWAY)[number]>;
/** What the gateway says is reached at a real nginx: infra/app/gateway/own-answers.test.ts. */
const OWN_CODES = (Object.keys(CATALOGUE) as ProblemCode[]).filter(
  (code): code is OwnCode => !(OF_GATEWAY as readonly string[]).includes(code),
);

const REACH: Record<OwnCode, () => Promise<Answer>> = {
  "malformed-url": () => call(api.httpPort, "/api/v1/requests/%E0%A4%A"),
  "malformed-body": () => post(api.httpPort, "{"),
  unauthenticated: () => post(api.httpPort, movie(), { authorization: "Bearer guess" }),
  "idempotency-key-invalid": () => post(api.httpPort, movie(), { "idempotency-key": "a key" }),
  "idempotency-in-flight": async () => {
    await platform.knobs({ latencyMs: 500 });
    const [wish, headers] = [movie(), { "idempotency-key": "at-work" }];
    const first = post(api.httpPort, wish, headers);
    await sleep(200);
    const second = await post(api.httpPort, wish, headers);
    await Promise.all([first, platform.knobs()]);
    return second;
  },
  "idempotency-key-reused": async () => {
    const headers = { "idempotency-key": "used-before" };
    await post(api.httpPort, movie(), headers);
    return post(api.httpPort, movie(), headers);
  },
  "token-expired": async () => {
    const hourAgo = createTokens(platform.servers.databasePassword, () => Date.now() - 3_600_000);
    return getAs(api.httpPort, await hourAgo.sign({ sub: "u", role: "user", sid: "s" }), "/api/v1/requests");
  },
  "session-ended": async () => {
    const { token } = await person(api.httpPort, "leaver");
    await postAs(api.httpPort, token, "/api/v1/auth/logout");
    return getAs(api.httpPort, token, "/api/v1/requests");
  },
  "invalid-credentials": () =>
    postAs(api.httpPort, "", "/api/v1/auth/login", { email: "nobody@example.org", password: "x" }),
  "signature-invalid": () => sendEvent(api.httpPort, event("payment.noted", {}), { key: "another key, not ours" }),
  "signature-expired": () => sendEvent(api.httpPort, event("payment.noted", {}), { seconds: 1_000_000 }),
  "quota-exceeded": async () => {
    const { id, token } = await person(api.httpPort, "greedy");
    await useUp(platform, id);
    return postAs(api.httpPort, token, "/api/v1/requests", movie());
  },
  forbidden: async () => getAs(api.httpPort, (await person(api.httpPort, "curious")).token, "/api/v1/admin/users"),
  "account-disabled": async () => {
    const { id, email } = await person(api.httpPort, "suspended");
    await postAs(api.httpPort, DEV_TOKEN, `/api/v1/admin/users/${id}/disable`);
    return postAs(api.httpPort, "", "/api/v1/auth/login", { email, password: PASSWORD });
  },
  "reset-token-invalid": () =>
    postAs(api.httpPort, "", "/api/v1/auth/password/reset", { token: "user.secret", password: PASSWORD }),
  // These processes have no mail server.
  "mail-unavailable": () => postAs(api.httpPort, "", "/api/v1/auth/password/forgotten", { email: "ann@example.org" }),
  "last-admin": async () => {
    const { id } = await person(api.httpPort, "alone", "admin");
    return postAs(api.httpPort, DEV_TOKEN, `/api/v1/admin/users/${id}/role`, { role: "user" });
  },
  "email-taken": async () => {
    const { email } = await person(api.httpPort, "first");
    return postAs(api.httpPort, "", "/api/v1/auth/register", { email, name: "second", password: "0123456789" });
  },
  "wrong-state": async () => {
    const { body } = await post(api.httpPort, movie());
    await postAs(api.httpPort, DEV_TOKEN, `/api/v1/requests/${body.id}/cancel`);
    return postAs(api.httpPort, DEV_TOKEN, `/api/v1/requests/${body.id}/cancel`);
  },
  "sessions-unavailable": async () => {
    const { refreshToken } = await person(api.httpPort, "patient");
    await platform.servers.kill("state");
    const answer = await postAs(api.httpPort, "", "/api/v1/auth/refresh", { refreshToken });
    await platform.servers.restart("state");
    await eventually(async () => expect((await call(api.adminPort, "/readyz")).status).toBe(200));
    return answer;
  },
  "not-found": () => call(api.httpPort, "/api/v1/nothing"),
  "method-not-allowed": () => call(api.httpPort, "/api/v1/requests", { method: "PATCH" }),
  "duplicate-request": async () => {
    const wish = movie();
    await post(api.httpPort, wish);
    return post(api.httpPort, wish);
  },
  "body-too-large": () => post(api.httpPort, JSON.stringify({ mediaType: "x".repeat(20_000) })),
  "unsupported-media-type": () => post(api.httpPort, movie(), { "content-type": "text/xml" }),
  "validation-failed": () => post(api.httpPort, { mediaType: "book" }),
  "unknown-title": () => post(api.httpPort, movie(900_000_001)),
  "rate-limited": async () => {
    // One token, counted for all processes together.
    await call(api.httpPort, "/api/v1/requests/x");
    return call(strict.httpPort, "/api/v1/requests/x");
  },
  internal: () =>
    between("ALTER TABLE requests RENAME TO away", "ALTER TABLE away RENAME TO requests", () =>
      post(api.httpPort, movie()),
    ),
  "upstream-bad-response": () => withKnobs({ garbage: true }),
  "upstream-unavailable": () => withKnobs({ errorRate: 1 }),
  "upstream-unreachable": async () => {
    const cutOff = await platform.api({ TMDB_BASE_URL: "http://127.0.0.1:1/tmdb" }, { log });
    return answerOf(cutOff, () => post(cutOff.httpPort, movie()));
  },
  "circuit-open": async () => {
    const cutOff = await platform.api({ TMDB_BASE_URL: "http://127.0.0.1:1/tmdb" }, { log });
    for (let n = 0; n < POLICIES.tmdb.breaker.failures; n++) await post(cutOff.httpPort, movie());
    return answerOf(cutOff, () => post(cutOff.httpPort, movie()));
  },
  overloaded: async () => {
    await platform.knobs({ latencyMs: 1_200 });
    // One more than can be at work and wait.
    const { limit, queue } = POLICIES.tmdb.bulkhead;
    const answers = await Promise.all(Array.from({ length: limit + queue + 1 }, () => post(api.httpPort, movie())));
    await platform.knobs();
    return answers.find(({ status }) => status === 503) as Answer;
  },
  "database-unavailable": async () => {
    await platform.servers.kill("pgbouncer");
    const answer = await post(api.httpPort, movie());
    await platform.servers.restart("pgbouncer");
    return answer;
  },
};

/** Which process gave an answer, where it was not `api`: its metrics are asked. */
const answeredBy = new WeakMap<Answer, Running>();

describe.each(OWN_CODES)("%s", (code) => {
  test("is reached by a request and leaves its document, one log line and one count", async () => {
    const { class: kind, layer, source, status, title, remedy } = CATALOGUE[code];
    const before = await counted(code, [api, strict]);
    const answer = await REACH[code]();
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    const requestId = answer.headers.get("x-request-id");
    expect(answer.body).toMatchObject({ type: `/problems/${code}`, code, status, title, hint: remedy, requestId });
    if (remedy.includes("Retry-After")) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);

    const logged = lines.filter((line) => line.msg === "request failed" && line.request_id === requestId);
    expect(logged).toEqual([
      expect.objectContaining({ level: kind === "system" ? "error" : "info", code, class: kind, layer, source }),
    ]);
    const elsewhere = answeredBy.get(answer);
    expect(elsewhere ? await counted(code, [elsewhere]) : (await counted(code, [api, strict])) - before).toBe(1);
  });

  test("has a page for programs and one for people", async () => {
    const path = `/problems/${code}`;
    expect((await call(api.httpPort, path)).body).toEqual({ type: path, code, ...CATALOGUE[code] });
    const html = await call(api.httpPort, path, { headers: { accept: "text/html,*/*;q=0.5" } });
    expect(html.headers.get("content-type")).toContain("text/html");
    expect(html.body).toContain(CATALOGUE[code].class);
    expect(html.body).not.toMatch(/src=|href=|@import|<script/);
  });
});

test("every class, layer and source occurs", () => {
  const entries = Object.values(CATALOGUE);
  expect(new Set(entries.map((entry) => entry.class))).toEqual(new Set(CLASSES));
  expect(new Set(entries.map(({ layer }) => layer))).toEqual(new Set(LAYERS));
  expect(new Set(entries.map(({ source }) => source))).toEqual(new Set(SOURCES));
});

test("what is not in the catalogue has no page, and the list has all that are", async () => {
  expect((await call(api.httpPort, "/problems/none")).status).toBe(404);
  const { body } = await call(api.httpPort, "/problems");
  expect(body.problems.map(({ code }: { code: string }) => code)).toEqual(Object.keys(CATALOGUE));
});

test("the log of all that has neither the token nor a body in it", () => {
  expect(lines.length).toBeGreaterThan(20);
  expect(JSON.stringify(lines)).not.toContain(DEV_TOKEN);
});

async function withKnobs(knobs: object): Promise<Answer> {
  await platform.knobs(knobs);
  const answer = await post(api.httpPort, movie());
  await platform.knobs();
  return answer;
}

async function between<T>(first: string, last: string, work: () => Promise<T>): Promise<T> {
  await platform.sql(first);
  try {
    return await work();
  } finally {
    await platform.sql(last);
  }
}

async function answerOf(by: Running, work: () => Promise<Answer>): Promise<Answer> {
  const answer = await work();
  answeredBy.set(answer, by);
  return answer;
}

/** How many errors of a code these processes have counted. */
async function counted(code: ProblemCode, by: Running[]): Promise<number> {
  const { class: kind, layer, source } = CATALOGUE[code];
  const sample = `${ERRORS_TOTAL}{code="${code}",class="${kind}",layer="${layer}",source="${source}"}`;
  const counts = await Promise.all(by.map(({ adminPort }) => metric(adminPort, sample)));
  return counts.reduce((sum, count) => sum + count, 0);
}
