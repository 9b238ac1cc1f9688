import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UPDATES } from "@media/service/events";
import { io } from "socket.io-client";
import { eventually } from "../lib/eventually.ts";
import { type Answer, call, json } from "../verify/http.ts";
import type { Target } from "../verify/journey.ts";

/**
 * What each of them does in a second; the rate limit of a user is 600 a minute. All of them together take a third of what
 * the stack can do on two cores that it shares with them: the same cores have to start the processes that are replaced.
 */
const WRITES_PER_SECOND = 2;
const READS_PER_SECOND = 2;
const READERS = 4;
/** A call that takes longer has failed: nobody waits longer for a page. */
const PATIENCE_SECONDS = 10;

/** A call that was not answered as it should be. */
export interface Failure {
  readonly at: string;
  readonly what: string;
  readonly answer: string;
  /** By which its log lines are found; none where there was no answer. */
  readonly traceId?: string;
}

/** An event as a client got it; `at` is its place in the stream, and its own. */
export interface Heard {
  readonly at: string;
  readonly id: string;
  readonly status: string;
}

/** What people did while something was going on, and what they saw of it. */
export interface Seen {
  readonly calls: number;
  readonly failures: readonly Failure[];
  /** Ids of the requests that were made. */
  readonly made: readonly string[];
  readonly heard: readonly Heard[];
  /** Places of all events that there were to be heard. */
  readonly told: readonly string[];
  /** Times that the live connection was lost and found again. */
  readonly reconnections: number;
}

/** People at work: one asks for films and listens to what becomes of them, others look around. No call is repeated. */
export async function startLoad(
  target: Target,
): Promise<{ stop(told: () => Promise<readonly string[]>): Promise<Seen> }> {
  const failures: Failure[] = [];
  const made: string[] = [];
  let calls = 0;
  let going = true;
  const loops: Promise<void>[] = [];

  const ask = async (token: string, method: string, path: string, body?: object): Promise<Answer | undefined> => {
    calls += 1;
    const at = new Date().toISOString();
    const headers = { authorization: `Bearer ${token}`, ...(body && { "idempotency-key": randomUUID() }) };
    const options = { method, headers, ca: target.caPem, timeoutSeconds: PATIENCE_SECONDS, ...(body && { body }) };
    try {
      const answer = await call(`${target.gatewayUrl}/api/v1/${path}`, options);
      if (answer.status < 300) return answer;
      const traceId = answer.headers["x-trace-id"];
      failures.push({
        at,
        what: `${method} ${path}`,
        answer: `${answer.status} ${answer.text.slice(0, 200)}`,
        ...(typeof traceId === "string" && { traceId }),
      });
    } catch (error) {
      failures.push({ at, what: `${method} ${path}`, answer: String(error) });
    }
    return undefined;
  };
  /** Begins a call at each tick, whatever became of those before. */
  const every = (perSecond: number, work: () => Promise<void>) => {
    const loop = async () => {
      const under = new Set<Promise<void>>();
      while (going) {
        const one = work().finally(() => under.delete(one));
        under.add(one);
        await sleep(1000 / perSecond);
      }
      await Promise.all(under);
    };
    loops.push(loop());
  };

  const { devToken } = target.credentials;
  const readers = await Promise.all(Array.from({ length: READERS }, () => newUser(target)));
  const ears = listen(target, devToken);
  await ears.ready();
  every(WRITES_PER_SECOND, async () => {
    const film = { mediaType: "movie", tmdbId: randomInt(1, 800_000_000) };
    const answer = await ask(devToken, "POST", "requests", film);
    if (!answer) return;
    const { id } = JSON.parse(answer.text) as { id: string };
    made.push(id);
    await ask(devToken, "GET", `requests/${id}`);
  });
  for (const token of readers) every(READS_PER_SECOND, () => ask(token, "GET", "requests?limit=5").then(() => {}));

  return {
    async stop(told) {
      going = false;
      await Promise.all(loops);
      await ears.settled(made);
      const places = await told();
      await sleep(ON_THE_WAY_MS);
      return { calls, failures, made, heard: ears.heard, told: places, reconnections: ears.close() };
    },
  };
}

async function newUser({ gatewayUrl, caPem: ca }: Target): Promise<string> {
  const account = { email: `drill-${randomUUID()}@example.org`, name: "Drill", password: randomUUID() };
  const post = (path: string) => call(`${gatewayUrl}/api/v1/auth/${path}`, { method: "POST", body: account, ca });
  json(await post("register"), 201);
  const { email, password } = account;
  const login = { method: "POST", body: { email, password }, ca };
  return json<{ accessToken: string }>(await call(`${gatewayUrl}/api/v1/auth/login`, login), 200, 201).accessToken;
}

/** What was told this moment may take so long to be heard. */
const ON_THE_WAY_MS = 3_000;

/** What nobody has heard of by then is lost. */
const SETTLE_SECONDS = 60;

/** A client as an application has it: the stock library, which comes back by itself. */
function listen({ gatewayUrl, caPem }: Target, token: string) {
  const heard: Heard[] = [];
  let connections = 0;
  const socket = io(gatewayUrl, { transports: ["websocket"], auth: { token }, ca: caPem, reconnectionDelayMax: 1000 });
  socket.on("ready", () => {
    connections += 1;
  });
  for (const name of Object.keys(UPDATES))
    socket.on(name, ({ id, status }: Heard, at: string) => heard.push({ at, id, status }));
  return {
    heard,
    ready: () =>
      eventually("the live connection", 15, async () => {
        if (connections === 0) throw new Error("no answer");
      }),
    /** Waits until the end of each request was heard, or for as long as it may take. */
    settled: async (ids: readonly string[]) => {
      const ended = () => new Set(heard.filter(({ status }) => status === "available").map(({ id }) => id));
      for (let waited = 0; waited < SETTLE_SECONDS; waited++) {
        const have = ended();
        if (ids.every((id) => have.has(id))) return;
        await sleep(1000);
      }
    },
    close(): number {
      socket.disconnect();
      return connections - 1;
    },
  };
}
