import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import autocannon, { type Client, type Request, type Result } from "autocannon";
import { Pool } from "undici";

/** What one run of the generator sends; the file named in its first argument holds it as JSON. */
export interface Load {
  port: number;
  seconds: number;
  connections: number;
  /** Requests a second on average, at moments that do not depend on answers; without it each connection sends as soon as it can. */
  rate?: number;
  /** Sent in turn, over all connections together. */
  requests: Sent[];
  /** So many seconds come before, at the same rate, and are not counted. @default 0 */
  leadSeconds?: number;
  /** Where in `requests` to begin, so that a later run does not repeat what an earlier one created. */
  from?: number;
}

export interface Sent {
  method: "GET" | "POST";
  path: string;
  token?: string;
  body?: object;
}

export interface Outcome {
  seconds: number;
  /** Answers with a status below 300. */
  good: number;
  byStatus: Record<string, number>;
  /** Failed connections and time-outs. */
  errors: number;
  /** Of the good ones, in milliseconds. */
  p50: number;
  p99: number;
  sent: number;
}

const load = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Load;
const url = `http://127.0.0.1:${load.port}`;
let next = load.from ?? 0;
const times: number[] = [];
const byStatus: Record<string, number> = {};

function answered(status: number, ms: number): void {
  byStatus[status] = (byStatus[status] ?? 0) + 1;
  if (status < 300) times.push(ms);
}

type Ended = Pick<Outcome, "errors" | "seconds">;

/** Each connection sends its next request when the one before is answered. */
async function inTurn(): Promise<Ended> {
  const started = performance.now();
  const requests = load.requests.map(toRequest);
  const finished = Promise.withResolvers<Result>();
  const options = {
    url,
    connections: load.connections,
    duration: load.seconds,
    // What may be sent twice is built once: the generator must be able to keep the target's core busy.
    requests: requests.every(({ method }) => method === "GET")
      ? requests
      : [{ setupRequest: () => requests[next++ % requests.length] as Request }],
  };
  const instance = autocannon(options, (error, result) => (error ? finished.reject(error) : finished.resolve(result)));
  instance.on("response", (_client: Client, status: number, _bytes: number, ms: number) => answered(status, ms));
  const { errors } = await finished.promise;
  return { errors, seconds: (performance.now() - started) / 1_000 };
}

/**
 * As many people do who do not know of each other: at the moments of a Poisson process, whatever became of those before.
 * Times are taken from when a request was due. (autocannon's own rate sends a second's requests all at once, and then
 * waits for the next second.)
 */
async function atRate(perSecond: number, leadSeconds = 0): Promise<Ended> {
  const pool = new Pool(url, { connections: load.connections });
  const begun = performance.now() + leadSeconds * 1_000;
  const end = begun + load.seconds * 1_000;
  let errors = 0;
  let under = 0;
  const send = (due: number) => {
    under += 1;
    let status = 0;
    const ended = (failed: boolean) => {
      under -= 1;
      if (due < begun) return;
      if (failed) errors += 1;
      else answered(status, performance.now() - due);
    };
    pool.dispatch(toRequest(load.requests[next++ % load.requests.length] as Sent), {
      onConnect() {},
      onHeaders: (code) => {
        status = code;
        return true;
      },
      onData: () => true,
      onComplete: () => ended(false),
      onError: () => ended(true),
    });
  };
  let due = performance.now();
  while (due < end) {
    while (performance.now() < due) await sleep(1);
    send(due);
    due += (-Math.log(1 - Math.random()) / perSecond) * 1_000;
  }
  while (under > 0) await sleep(1);
  await pool.close();
  return { errors, seconds: load.seconds };
}

const { errors, seconds } = await (load.rate ? atRate(load.rate, load.leadSeconds) : inTurn());
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
const outcome: Outcome = { seconds, good: times.length, byStatus, errors, p50: at(0.5), p99: at(0.99), sent: next };
process.stdout.write(`${JSON.stringify(outcome)}\n`);

function toRequest({ method, path, token, body }: Sent) {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { "content-type": "application/json" }),
  };
  return { method, path, headers, ...(body && { body: JSON.stringify(body) }) };
}
