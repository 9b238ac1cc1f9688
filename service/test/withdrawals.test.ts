import { WITHDRAWAL_QUEUE } from "../src/data/queue/queue.ts";
import { createMetrics } from "../src/observability/metrics/metrics.ts";
import { JOB_DURATION_SECONDS } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { createOverseerr } from "../src/upstreams/overseerr.ts";
import { metric, person, postAs } from "./calls.ts";
import { DEV_TOKEN, eventually, meddle, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let port: number;
let worker: Running;
let overseerrUrl: string;
let nextId = 140_000;

beforeAll(async () => {
  platform = await startPlatform();
  port = (await platform.api()).httpPort;
  worker = await platform.worker();
  overseerrUrl = `http://127.0.0.1:${platform.doubles.httpPort}/overseerr`;
});
afterAll(() => platform?.stop());
// Nothing is delivered unless a test wants it.
beforeEach(() => platform.pace({ queuedSeconds: 3_600 }));
afterEach(() => platform.knobs({}, "overseerr"));

const requests = "/api/v1/requests";
const ask = async (tmdbId: number, mediaType = "movie", token = DEV_TOKEN) =>
  (await postAs(port, token, requests, { mediaType, tmdbId })).body.id as string;
const act = async (id: string, what: "cancel" | "retry", token = DEV_TOKEN) =>
  expect(await postAs(port, token, `${requests}/${id}/${what}`)).toMatchObject({ status: 200 });

/** Ids of the requests for a title that the double holds. */
async function held(tmdbId: number, mediaType = "movie"): Promise<number[]> {
  const url = `${overseerrUrl}/api/v1/${mediaType}/${tmdbId}`;
  const answer = await fetch(url, { headers: { "x-api-key": "test" } });
  const { mediaInfo } = (await answer.json()) as { mediaInfo: { requests: { id: number }[] } };
  return mediaInfo.requests.map(({ id }) => id);
}
const isHeld = (tmdbId: number, mediaType?: string) =>
  eventually(async () => expect(await held(tmdbId, mediaType)).toHaveLength(1));
const isGone = (tmdbId: number, mediaType?: string) =>
  eventually(async () => expect(await held(tmdbId, mediaType)).toEqual([]), 25_000);

const jobsOf = (id: string, queue = WITHDRAWAL_QUEUE) =>
  platform.sql<{ state: string }>(
    "SELECT state::text FROM pgboss.job WHERE name = $1 AND data->>'requestId' = $2 ORDER BY created_on",
    [queue, id],
  );
const isDone = (id: string) =>
  eventually(async () => expect((await jobsOf(id)).map(({ state }) => state)).toEqual(["completed"]), 25_000);
const outcomes = (outcome: string) =>
  metric(worker.adminPort, `${JOB_DURATION_SECONDS}_count{queue="${WITHDRAWAL_QUEUE}",outcome="${outcome}"}`);
/** Waits until a look at Overseerr was written down, with an id or without. */
const looked = (id: string, known: boolean) =>
  eventually(async () => {
    const sql = "SELECT tick, overseerr_id FROM downloads WHERE request_id = $1 ORDER BY created_at DESC LIMIT 1";
    const [row] = await platform.sql<{ tick: number; overseerr_id: number | null }>(sql, [id]);
    expect(row?.tick).toBeGreaterThan(0);
    expect(row?.overseerr_id !== null).toBe(known);
  });

describe("a cancelled request", () => {
  test.each(["movie", "tv"])("is gone at Overseerr too (%s), though its job comes twice", async (mediaType) => {
    const before = await outcomes("withdrawn");
    const tmdbId = ++nextId;
    const id = await ask(tmdbId, mediaType);
    await looked(id, true);
    await isHeld(tmdbId, mediaType);
    await act(id, "cancel");
    await platform.sql(
      `INSERT INTO pgboss.job (name, data, policy, keep_until) SELECT name, data, policy, keep_until
       FROM pgboss.job WHERE name = $1 AND data->>'requestId' = $2`,
      [WITHDRAWAL_QUEUE, id],
    );
    await isGone(tmdbId, mediaType);
    await eventually(async () => expect(await jobsOf(id)).toEqual([{ state: "completed" }, { state: "completed" }]));
    expect(await outcomes("withdrawn")).toBeGreaterThan(before);
  });

  test("is cancelled at once while Overseerr is away, and gone there when it is back", async () => {
    const tmdbId = ++nextId;
    const id = await ask(tmdbId);
    await looked(id, true);
    await platform.knobs({ errorRate: 1 }, "overseerr");
    await act(id, "cancel");
    await eventually(async () => expect(await jobsOf(id)).toEqual([{ state: "retry" }]));
    await platform.knobs({}, "overseerr");
    await isGone(tmdbId);
    await isDone(id);
  });

  test("stays there where it was retried meanwhile", async () => {
    const before = await outcomes("still-wanted");
    const tmdbId = ++nextId;
    const id = await ask(tmdbId);
    await looked(id, true);
    const there = await held(tmdbId);
    await platform.knobs({ errorRate: 1 }, "overseerr");
    await act(id, "cancel");
    await act(id, "retry");
    await platform.knobs({}, "overseerr");
    await isDone(id);
    await looked(id, true);
    expect(await held(tmdbId)).toEqual(there);
    expect(await outcomes("still-wanted")).toBe(before + 1);
    // The control: it is the retry that kept it.
    await act(id, "cancel");
    await isGone(tmdbId);
  });

  test("stays there for as long as another's for the same title is under way", async () => {
    const tmdbId = ++nextId;
    const first = await ask(tmdbId);
    await looked(first, true);
    const { token } = await person(port, "other", "moderator");
    const second = await ask(tmdbId, "movie", token);
    await looked(second, true);
    const there = await held(tmdbId);
    await act(first, "cancel");
    await isDone(first);
    expect(await held(tmdbId)).toEqual(there);
    // The other did not ask first, and is the last to leave all the same.
    await act(second, "cancel", token);
    await isGone(tmdbId);
  });

  test("that Overseerr does not know is done", async () => {
    const before = await outcomes("nothing-there");
    const id = await ask(++nextId);
    await looked(id, true);
    await platform.forgetDownloads();
    await act(id, "cancel");
    await isDone(id);
    expect(await outcomes("nothing-there")).toBe(before + 1);
  });

  test("leaves alone what another party had asked Overseerr for before", async () => {
    const before = await outcomes("not-ours");
    const tmdbId = ++nextId;
    const headers = { "x-api-key": "test", "content-type": "application/json" };
    const body = JSON.stringify({ mediaType: "movie", mediaId: tmdbId });
    await fetch(`${overseerrUrl}/api/v1/request`, { method: "POST", headers, body });
    const id = await ask(tmdbId);
    await looked(id, true);
    // As if it had been asked for here two minutes later.
    const sql = "UPDATE downloads SET created_at = created_at + interval '2 minutes' WHERE request_id = $1";
    await platform.sql(sql, [id]);
    await act(id, "cancel");
    await isDone(id);
    expect(await outcomes("not-ours")).toBe(before + 1);
    expect(await held(tmdbId)).toHaveLength(1);
  });
});

describe("of what Overseerr may or may not have", () => {
  test("what it never answered is not asked for after the cancellation", async () => {
    const tmdbId = ++nextId;
    await platform.knobs({ errorRate: 1 }, "overseerr");
    const id = await ask(tmdbId);
    await looked(id, false);
    await act(id, "cancel");
    await platform.knobs({}, "overseerr");
    const unfinished = async () =>
      [...(await jobsOf(id)), ...(await jobsOf(id, "follow-download"))].filter(({ state }) => state !== "completed");
    await eventually(async () => expect(await unfinished()).toEqual([]), 25_000);
    expect(await held(tmdbId)).toEqual([]);
  });

  test("what is being asked for at that moment is gone, though the cancellation's own job came too early", async () => {
    const tmdbId = ++nextId;
    await platform.knobs({ latencyMs: 1_000 }, "overseerr");
    const id = await ask(tmdbId);
    await eventually(async () => expect(await jobsOf(id, "follow-download")).toEqual([{ state: "active" }]));
    await act(id, "cancel");
    await platform.sql("DELETE FROM pgboss.job WHERE name = $1 AND data->>'requestId' = $2", [WITHDRAWAL_QUEUE, id]);
    await isHeld(tmdbId);
    await isGone(tmdbId);
  });
});

describe("a killed worker", () => {
  const kill = async (queue: string, id: string) => {
    await eventually(async () => expect(await jobsOf(id, queue)).toEqual([{ state: "active" }]));
    doomed.child.kill("SIGKILL");
    await doomed.exit;
    await platform.knobs({}, "overseerr");
    await platform.sql("UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute' WHERE state = 'active'");
  };
  let doomed: ReturnType<Platform["spawn"]>;
  beforeEach(async () => {
    await worker.drain();
    doomed = platform.spawn("worker");
    await doomed.logged("started");
  });

  test("leaves its withdrawal to another", async () => {
    const tmdbId = ++nextId;
    const id = await ask(tmdbId);
    await looked(id, true);
    await platform.knobs({ latencyMs: 1_000 }, "overseerr");
    await act(id, "cancel");
    await kill(WITHDRAWAL_QUEUE, id);
    expect(await held(tmdbId)).toHaveLength(1);
    worker = await platform.worker();
    await isGone(tmdbId);
    await isDone(id);
  }, 60_000);

  test("takes nothing with it that it asked for and did not write down", async () => {
    const tmdbId = ++nextId;
    // Between Overseerr's answer and the end of the transaction that writes it down.
    const quickAgain = await meddle(platform, "BEFORE UPDATE ON downloads", "PERFORM pg_sleep(3);");
    const id = await ask(tmdbId);
    await isHeld(tmdbId);
    await kill("follow-download", id);
    await quickAgain();
    await act(id, "cancel");
    await platform.sql("DELETE FROM pgboss.job WHERE name = $1 AND data->>'requestId' = $2", [WITHDRAWAL_QUEUE, id]);
    expect(await held(tmdbId)).toHaveLength(1);
    worker = await platform.worker();
    await isGone(tmdbId);
  }, 60_000);
});

test("the deletion of what is not there is no error; one that is refused is", async () => {
  const overseerr = (key: string, baseUrl = overseerrUrl) =>
    createOverseerr({ baseUrl, key, metrics: createMetrics("1") });
  await overseerr("test").withdraw(999_999);
  await expect(overseerr("test", `${overseerrUrl}/nowhere/else`).standing("movie", 1)).resolves.toEqual([]);
  await platform.knobs({ errorRate: 1, errorStatus: 403 }, "overseerr");
  await expect(overseerr("test").withdraw(999_999)).rejects.toMatchObject({ code: "upstream-bad-response" });
});
