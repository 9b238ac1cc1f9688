import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UPDATES } from "@media/service/events";
import { io } from "socket.io-client";
import { eventually } from "./lib/eventually.ts";
import { type Stack, type Target, targetOf } from "./lib/stack.ts";
import { type Answer, call, json } from "./verify/http.ts";

/**
 * Calls per second of each client; the rate limit of a user is 600 a minute. All clients together take a third of what
 * the stack can do on two cores that it shares with them: the same cores have to start the new processes.
 */
const WRITES_PER_SECOND = 2;
const READS_PER_SECOND = 2;
const READERS = 4;
/** A call that takes longer has failed. */
const CALL_TIMEOUT_SECONDS = 10;

/** A call that failed. */
export interface Failure {
  readonly at: string;
  readonly what: string;
  readonly answer: string;
  /** Finds its log lines. Absent where no answer came. */
  readonly traceId?: string;
}

/** An event as a client received it. */
export interface ReceivedEvent {
  /** Id of its entry in the stream; no two events have the same. */
  readonly position: string;
  readonly id: string;
  readonly status: string;
}

/** What the clients did and what they received. */
export interface Observed {
  readonly calls: number;
  readonly failures: readonly Failure[];
  /** Ids of the media requests that were created. */
  readonly created: readonly string[];
  readonly received: readonly ReceivedEvent[];
  /** Positions of all events that were published. */
  readonly published: readonly string[];
  /** How often the live connection was lost and made again. */
  readonly reconnections: number;
}

/** Clients that use a stack. */
export interface Load {
  /** From now on the clients show this token and trust these authorities, as people do who take new ones from the outputs. */
  follow(target: Pick<Target, "caPem" | "credentials">): void;
  /** Ends the clients in good order: calls under way finish and late events arrive. */
  stop(published: () => Promise<readonly string[]>): Promise<Observed>;
  /** Ends the clients at once. Does nothing after `stop`. */
  cancel(): void;
}

/** How often clients look at the outputs for a new token and new authorities. */
const LOOK_MS = 10_000;

/** Runs the work while clients use the stack, who take what is new from the outputs every 10 s. */
export async function underLoad(stack: Stack, work: () => Promise<void>): Promise<Observed> {
  const load = await startLoad(await targetOf(stack));
  // The engine may be writing the state: then they look again later.
  const follow = () => targetOf(stack).then((target) => load.follow(target));
  const looking = setInterval(() => void follow().catch(() => {}), LOOK_MS);
  try {
    await work();
    return await load.stop(async () => []);
  } finally {
    clearInterval(looking);
    load.cancel();
  }
}

/** Starts clients: one creates requests and listens to their events, the others read lists. No call is retried. */
export async function startLoad(target: Target): Promise<Load> {
  const failures: Failure[] = [];
  const created: string[] = [];
  let calls = 0;
  let going = true;
  const loops: Promise<void>[] = [];
  const known: Known = { caPem: target.caPem, devToken: target.credentials.devToken };

  const ask = async (token: string, method: string, path: string, body?: object): Promise<Answer | undefined> => {
    calls += 1;
    const at = new Date().toISOString();
    const headers = { authorization: `Bearer ${token}`, ...(body && { "idempotency-key": randomUUID() }) };
    const options = { method, headers, ca: known.caPem, timeoutSeconds: CALL_TIMEOUT_SECONDS, ...(body && { body }) };
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
  /** Starts a call at each tick, also while earlier ones are under way. */
  const every = (perSecond: number, work: () => Promise<void>) => {
    const loop = async () => {
      const underWay = new Set<Promise<void>>();
      while (going) {
        const one = work().finally(() => underWay.delete(one));
        underWay.add(one);
        await sleep(1000 / perSecond);
      }
      await Promise.all(underWay);
    };
    loops.push(loop());
  };

  const readers = await Promise.all(Array.from({ length: READERS }, () => newUser(target, known)));
  const listener = listen(target, known);
  await listener.ready();
  every(WRITES_PER_SECOND, async () => {
    const film = { mediaType: "movie", tmdbId: randomInt(1, 800_000_000) };
    const answer = await ask(known.devToken, "POST", "requests", film);
    if (!answer) return;
    const { id } = JSON.parse(answer.text) as { id: string };
    created.push(id);
    await ask(known.devToken, "GET", `requests/${id}`);
  });
  for (const tokenOf of readers)
    every(READS_PER_SECOND, async () => {
      const at = new Date().toISOString();
      const token = await tokenOf().catch((error: unknown) => {
        failures.push({ at, what: "sign in", answer: String(error) });
      });
      if (token) await ask(token, "GET", "requests?limit=5");
    });

  return {
    follow: ({ caPem, credentials }) => void Object.assign(known, { caPem, devToken: credentials.devToken }),
    async stop(published) {
      going = false;
      await Promise.all(loops);
      await listener.settled(created);
      const positions = await published();
      await sleep(DELIVERY_MS);
      const reconnections = listener.close();
      return { calls, failures, created, received: listener.received, published: positions, reconnections };
    },
    cancel() {
      going = false;
      listener.close();
    },
  };
}

/** What the clients know now. */
interface Known {
  caPem: string;
  devToken: string;
}

/** An access token is good for 15 minutes. */
const SIGN_IN_AGAIN_MS = 10 * 60_000;
const RETRY_MS = 10_000;

/** Registers an account. Returns a function that gives its access token: it signs in again before the last one expires. */
async function newUser({ gatewayUrl }: Target, known: Known): Promise<() => Promise<string>> {
  const account = { email: `drill-${randomUUID()}@example.org`, name: "Drill", password: randomUUID() };
  const post = (path: string, body: object) =>
    call(`${gatewayUrl}/api/v1/auth/${path}`, {
      method: "POST",
      body,
      ca: known.caPem,
      timeoutSeconds: CALL_TIMEOUT_SECONDS,
    });
  json(await post("register", account), 201);
  const signIn = async () => {
    const { email, password } = account;
    return json<{ accessToken: string }>(await post("login", { email, password }), 200, 201).accessToken;
  };
  let token = await signIn();
  let signInAt = Date.now() + SIGN_IN_AGAIN_MS;
  return async () => {
    if (Date.now() < signInAt) return token;
    // The others of this reader go on with the last token meanwhile.
    signInAt = Date.now() + RETRY_MS;
    token = await signIn();
    signInAt = Date.now() + SIGN_IN_AGAIN_MS;
    return token;
  };
}

/** An event may take this long from its publication to the client. */
const DELIVERY_MS = 3_000;

/** The end of a request that was not received by then is lost. */
const SETTLE_SECONDS = 60;

/** A live connection with the stock client library, which reconnects by itself. */
function listen({ gatewayUrl }: Target, known: Known) {
  const received: ReceivedEvent[] = [];
  let connections = 0;
  const socket = io(gatewayUrl, {
    transports: ["websocket"],
    auth: (show) => show({ token: known.devToken }),
    ca: known.caPem,
    reconnectionDelayMax: 1000,
  });
  // The options of the next connection are those of the manager.
  socket.io.on("reconnect_attempt", () => Object.assign(socket.io.opts, { ca: known.caPem }));
  socket.on("ready", () => {
    connections += 1;
  });
  for (const name of Object.keys(UPDATES))
    socket.on(name, ({ id, status }: ReceivedEvent, position: string) => received.push({ position, id, status }));
  return {
    received,
    ready: () =>
      eventually("the live connection", 15, async () => {
        if (connections === 0) throw new Error("no answer");
      }),
    /** Waits until the end of each request was received, at most SETTLE_SECONDS. */
    settled: async (ids: readonly string[]) => {
      const ended = () => new Set(received.filter(({ status }) => status === "available").map(({ id }) => id));
      for (let waited = 0; waited < SETTLE_SECONDS; waited++) {
        const known = ended();
        if (ids.every((id) => known.has(id))) return;
        await sleep(1000);
      }
    },
    close(): number {
      socket.disconnect();
      return connections - 1;
    },
  };
}
