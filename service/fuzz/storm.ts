import { randomInt, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { DEV_TOKEN, eventually, type Platform, type Spawned } from "../test/platform.ts";

const KEYS = 2_000;
/** Of each POST, at about the same time, to either process. */
const COPIES = 5;
const AT_ONCE = 60;
/** Share of the copies whose caller leaves before the answer, and how soon. */
const INTERRUPTED = 0.3;
const PATIENCE_MS = 40;
const TIMEOUT_MS = 45_000;

interface Answered {
  status: number | "left" | "broken";
  body: string;
}

interface Api {
  api: Spawned;
  port: number;
  agent: Agent;
}

/**
 * 10,000 POSTs that are 2,000, many of them interrupted, over two processes of which one is killed on the way: each
 * must have exactly one effect, and every answer of a key must be the same. Returns what was not so.
 */
export async function storm(platform: Platform): Promise<string[]> {
  const apis = [await open(platform), await open(platform)] as [Api, Api];
  const answers = new Map<number, Set<string>>();
  const counted: Record<string, number> = {};
  const post = async (n: number, copy: number) => {
    const answer = await send(apis[(n + copy) % 2] as Api, n, Math.random() < INTERRUPTED);
    counted[answer.status] = (counted[answer.status] ?? 0) + 1;
    if (answer.status === 201) answers.set(n, (answers.get(n) ?? new Set()).add(answer.body));
  };
  const turns = Array.from({ length: KEYS * COPIES }, (_, n) => n);
  const half = turns.length / 2;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      if (turn === half) apis[0] = await replace(platform, apis[0]);
      await post(Math.floor(turn / COPIES), turn % COPIES);
    }
  });
  await Promise.all(workers);
  const problems = await finish(platform, apis[1], answers);
  process.stderr.write(`answers: ${JSON.stringify(counted)}\n`);
  const known = new Set(["201", "409", "503", "left", "broken"]);
  const others = Object.entries(counted).filter(([status]) => !known.has(status));
  if (others.length > 0) problems.push(`unexpected answers: ${JSON.stringify(Object.fromEntries(others))}`);
  for (const { agent } of apis) agent.destroy();
  return problems;
}

const keys = Array.from({ length: KEYS }, () => randomUUID());
const FIRST_TITLE = 700_000_000;

async function open(platform: Platform): Promise<Api> {
  const api = platform.spawn("api", { RATE_LIMIT_PER_MINUTE: "10000000" });
  const { httpPort } = await api.logged("started");
  return { api, port: Number(httpPort), agent: new Agent({ keepAlive: true }) };
}

async function replace(platform: Platform, { api, agent }: Api): Promise<Api> {
  api.child.kill("SIGKILL");
  await api.exit;
  agent.destroy();
  return open(platform);
}

/** Each key once more, with patience: what was claimed by a process that died is taken over after a while. */
async function finish(platform: Platform, api: Api, answers: Map<number, Set<string>>): Promise<string[]> {
  const problems: string[] = [];
  for (let n = 0; n < KEYS; n++) {
    await eventually(async () => {
      const { status, body } = await send(api, n, false);
      if (status !== 201) throw new Error(`key ${n}: ${status} ${body}`);
      answers.set(n, (answers.get(n) ?? new Set()).add(body));
    }, TIMEOUT_MS);
    const different = answers.get(n)?.size;
    if (different !== 1) problems.push(`key ${n} had ${different} different answers`);
  }
  const rows = await platform.sql<{ title: number; requests: number; jobs: number }>(
    `SELECT r.tmdb_id AS title, count(DISTINCT r.id)::int AS requests, count(j.id)::int AS jobs
     FROM requests r LEFT JOIN pgboss.job j ON j.data->>'requestId' = r.id::text
     WHERE r.tmdb_id BETWEEN $1 AND $2 GROUP BY r.tmdb_id`,
    [FIRST_TITLE, FIRST_TITLE + KEYS - 1],
  );
  if (rows.length !== KEYS) problems.push(`${rows.length} titles were asked for, not ${KEYS}`);
  const doubled = rows.filter(({ requests, jobs }) => requests !== 1 || jobs !== 1);
  if (doubled.length > 0) problems.push(`${doubled.length} had not one effect: ${JSON.stringify(doubled[0])}`);
  return problems;
}

function send({ port, agent }: Api, n: number, impatient: boolean): Promise<Answered> {
  const headers = {
    authorization: `Bearer ${DEV_TOKEN}`,
    "content-type": "application/json",
    "idempotency-key": keys[n],
  };
  return new Promise((resolve) => {
    const options = { port, host: "127.0.0.1", path: "/api/v1/requests", method: "POST", headers, agent };
    const call = request(options, async (answer) => {
      const chunks = await answer.toArray().catch(() => undefined);
      if (!chunks) resolve({ status: "broken", body: "" });
      else resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    });
    call.on("error", () => resolve({ status: "broken", body: "" }));
    call.end(JSON.stringify({ mediaType: "movie", tmdbId: FIRST_TITLE + n }));
    if (impatient)
      void sleep(randomInt(PATIENCE_MS)).then(() => {
        resolve({ status: "left", body: "" });
        call.destroy();
      });
  });
}
