import { readFileSync } from "node:fs";
import autocannon, { type Client, type Request, type Result } from "autocannon";

/** What one run of the generator sends; the file named in its first argument holds it as JSON. */
export interface Load {
  port: number;
  seconds: number;
  connections: number;
  /** Requests a second, whether they are answered or not; without it each connection sends as soon as it can. */
  rate?: number;
  /** Sent in turn, over all connections together. */
  requests: Sent[];
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
const requests = load.requests.map(toRequest);
let next = load.from ?? 0;
const times: number[] = [];
const byStatus: Record<string, number> = {};

const started = performance.now();
const finished = Promise.withResolvers<Result>();
const options = {
  url: `http://127.0.0.1:${load.port}`,
  connections: load.connections,
  duration: load.seconds,
  ...(load.rate && { overallRate: load.rate, ignoreCoordinatedOmission: true }),
  // What may be sent twice is built once: the generator must be able to keep the target's core busy.
  requests: requests.every(({ method }) => method === "GET")
    ? requests
    : [{ setupRequest: () => requests[next++ % requests.length] as Request }],
};
const instance = autocannon(options, (error, result) => (error ? finished.reject(error) : finished.resolve(result)));
instance.on("response", (_client: Client, status: number, _bytes: number, ms: number) => {
  byStatus[status] = (byStatus[status] ?? 0) + 1;
  if (status < 300) times.push(ms);
});
const { errors } = await finished.promise;
const seconds = (performance.now() - started) / 1_000;
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
const outcome: Outcome = { seconds, good: times.length, byStatus, errors, p50: at(0.5), p99: at(0.99), sent: next };
process.stdout.write(`${JSON.stringify(outcome)}\n`);

function toRequest({ method, path, token, body }: Sent): Request {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { "content-type": "application/json" }),
  };
  return { method, path, headers, ...(body && { body: JSON.stringify(body) }) };
}
