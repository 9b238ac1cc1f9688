import { DOWNLOADS_ENDED_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, getAs, metric, type Person, person, post, postAs } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let worker: Running;
let port: number;
let nextId = 110_000;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  port = api.httpPort;
  worker = await platform.worker();
});
afterAll(() => platform?.stop());
afterEach(async () => {
  await platform.pace();
  await platform.knobs({}, "overseerr");
});

const ask = async (tmdbId = ++nextId, mediaType = "movie") =>
  (await post(port, { mediaType, tmdbId })).body.id as string;
const status = async (id: string) => (await call(port, `/api/v1/requests/${id}`)).body.status as string;
/** The newest download of a request. */
const download = async (requestId: string) =>
  (await call(port, `/api/v1/downloads?requestId=${requestId}&limit=1`)).body.items[0];
const becomes = (requestId: string, expected: object, withinMs = 15_000) =>
  eventually(async () => expect(await download(requestId)).toMatchObject(expected), withinMs);
const jobs = (requestId: string) =>
  platform.sql<{ state: string }>(
    "SELECT state::text FROM pgboss.job WHERE name = 'follow-download' AND data->>'requestId' = $1 AND state < 'completed'",
    [requestId],
  );

describe("a download", () => {
  test("goes from queued to completed, and its request with it; progress never goes back", async () => {
    await platform.pace({ queuedSeconds: 3_600 });
    const id = await ask();
    await becomes(id, { status: "queued", progress: 0, requestId: id, tmdbId: nextId, requestedBy: "dev" });
    await platform.pace({ queuedSeconds: 0, holdAt: 40 });
    await becomes(id, { status: "downloading", progress: 40 });
    await platform.pace({ queuedSeconds: 0, holdAt: 20 });
    const { tick } = await row(id);
    await eventually(async () => expect((await row(id)).tick).toBeGreaterThan(tick + 1));
    expect(await download(id)).toMatchObject({ status: "downloading", progress: 40 });
    expect(await status(id)).toBe("pending");
    await platform.pace();
    await becomes(id, { status: "completed", progress: 100 });
    expect(await status(id)).toBe("available");
    expect(await jobs(id)).toEqual([]);
  });

  test("of a series that Overseerr keeps partially available ends a day after the last news, and not before", async () => {
    await platform.pace({ outcome: "partial" });
    const [old, young] = [await ask(++nextId, "tv"), await ask(++nextId, "tv")];
    for (const id of [old, young]) await becomes(id, { status: expect.stringMatching(/queued|downloading/) });
    const { tick } = await eventually(async () => {
      const seen = await row(old);
      expect(seen.tick).toBeGreaterThan(5);
      return seen;
    });
    await platform.sql("UPDATE downloads SET changed_at = now() - interval '25 hours' WHERE request_id = $1", [old]);
    await becomes(old, { status: "completed", progress: 100 });
    expect(await status(old)).toBe("available");
    expect(await jobs(old)).toEqual([]);
    await eventually(async () => expect((await row(young)).tick).toBeGreaterThan(tick + 1), 30_000);
    expect(await status(young)).toBe("pending");
  }, 60_000);

  test("of a title that Overseerr has from another party is followed too, film or series", async () => {
    for (const mediaType of ["movie", "tv"]) {
      const tmdbId = ++nextId;
      const first = await ask(tmdbId, mediaType);
      await eventually(async () => expect((await row(first)).overseerr_id).not.toBeNull());
      const other = await person(port, "other", "moderator");
      const second = (await postAs(port, other.token, "/api/v1/requests", { mediaType, tmdbId })).body.id;
      await Promise.all([becomes(first, { status: "completed" }), ended(second)]);
      expect((await row(second)).overseerr_id).toBe((await row(first)).overseerr_id);
    }
  });

  test("waits for an Overseerr that is away, talks garbage or refuses us, and fails for none of it", async () => {
    for (const trouble of [{ errorRate: 1 }, { garbage: true }, { errorRate: 1, errorStatus: 401 }]) {
      await platform.knobs(trouble, "overseerr");
      const id = await ask();
      await eventually(async () => expect((await row(id))?.tick).toBeGreaterThan(1));
      expect(await download(id)).toMatchObject({ status: "queued", progress: 0 });
      await platform.knobs({}, "overseerr");
      await becomes(id, { status: "completed" }, 25_000);
    }
  }, 90_000);

  test("that Overseerr has forgotten is asked for again, and keeps what was said of it", async () => {
    await platform.pace({ queuedSeconds: 0, holdAt: 70 });
    const id = await ask();
    await becomes(id, { progress: 70 });
    await platform.pace({ queuedSeconds: 0, holdAt: 10 });
    await platform.forgetDownloads();
    await eventually(async () => expect((await row(id)).overseerr_id).toBeNull());
    await eventually(async () => expect((await row(id)).overseerr_id).not.toBeNull());
    expect(await download(id)).toMatchObject({ status: "downloading", progress: 70 });
    await platform.pace();
    await becomes(id, { status: "completed" });
  });

  test("that is declined fails with its request; retried, it gets another", async () => {
    await platform.pace({ queuedSeconds: 0, seconds: 0, outcome: "declined" });
    const id = await ask();
    await becomes(id, { status: "failed" });
    expect(await status(id)).toBe("failed");
    expect(await metric(worker.adminPort, `${DOWNLOADS_ENDED_TOTAL}{outcome="failed"}`)).toBe(1);
    await platform.pace();
    await postAs(port, DEV_TOKEN, `/api/v1/requests/${id}/retry`);
    await becomes(id, { status: "completed" });
    const { body } = await call(port, `/api/v1/downloads?requestId=${id}`);
    expect(body.items.map((item: { status: string }) => item.status)).toEqual(["completed", "failed"]);
  });

  test("ends with its request when that is cancelled, and is not followed any more", async () => {
    await platform.pace({ queuedSeconds: 0, holdAt: 50 });
    const id = await ask();
    await becomes(id, { progress: 50 });
    await postAs(port, DEV_TOKEN, `/api/v1/requests/${id}/cancel`);
    expect(await download(id)).toMatchObject({ status: "cancelled", progress: 50 });
    await platform.pace();
    await eventually(async () => expect(await jobs(id)).toEqual([]));
    expect(await download(id)).toMatchObject({ status: "cancelled", progress: 50 });
    expect(await status(id)).toBe("cancelled");
  });

  test("is followed by one chain of jobs, though each of them comes three times", async () => {
    await platform.pace({ queuedSeconds: 0, holdAt: 50 });
    const id = await ask();
    await becomes(id, { progress: 50 });
    for (let n = 0; n < 3; n++)
      await platform.sql(
        `INSERT INTO pgboss.job (name, data, policy, keep_until) SELECT name, data, policy, keep_until
         FROM pgboss.job, generate_series(1, 2) WHERE name = 'follow-download' AND data->>'requestId' = $1`,
        [id],
      );
    await eventually(async () => expect((await jobs(id)).length).toBeLessThanOrEqual(1));
    await platform.pace();
    await becomes(id, { status: "completed" });
    await eventually(async () => expect(await jobs(id)).toEqual([]));
  });
});

test("a killed worker's download is taken over: progress goes on from where it was, once", async () => {
  await worker.drain();
  const doomed = platform.spawn("worker");
  await doomed.logged("started");
  await platform.pace({ queuedSeconds: 0, seconds: 6 });
  const id = await ask();
  const seen: number[] = [];
  const look = async () => {
    const { progress } = (await download(id)) ?? { progress: 0 };
    if (progress !== seen.at(-1)) seen.push(progress);
    return progress;
  };
  await eventually(async () => expect(await look()).toBeGreaterThan(0));
  // In the middle of a look, so that its job is in hand.
  await platform.knobs({ latencyMs: 1_000 }, "overseerr");
  await eventually(async () => expect(await jobs(id)).toEqual([{ state: "active" }]));
  doomed.child.kill("SIGKILL");
  await doomed.exit;
  await platform.knobs({}, "overseerr");
  await platform.sql("UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute' WHERE state = 'active'");
  worker = await platform.worker();
  await eventually(async () => expect(await look()).toBe(100), 25_000);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(await metric(worker.adminPort, `${DOWNLOADS_ENDED_TOTAL}{outcome="completed"}`)).toBe(1);
  await eventually(async () => expect(await jobs(id)).toEqual([]));
}, 60_000);

describe("who may read which", () => {
  let ann: Person;
  let ben: Person;
  let moderator: Person;
  const made: string[] = [];
  beforeAll(async () => {
    [ann, ben, moderator] = await Promise.all([
      person(port, "ann"),
      person(port, "ben"),
      person(port, "m", "moderator"),
    ]);
    for (let n = 0; n < 5; n++) {
      const { body } = await postAs(port, ann.token, "/api/v1/requests", { mediaType: "movie", tmdbId: ++nextId });
      await postAs(port, moderator.token, `/api/v1/requests/${body.id}/approve`);
      await ended(body.id);
      made.unshift((await getAs(port, ann.token, `/api/v1/downloads?requestId=${body.id}`)).body.items[0].id);
    }
  });

  test("one's own, in pages, newest first", async () => {
    const ids: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await getAs(port, ann.token, `/api/v1/downloads?limit=2${cursor}`);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      if (!body.nextCursor) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(ids).toEqual(made);
    const { body } = await getAs(port, ann.token, "/api/v1/downloads?status=failed");
    expect(body.items).toEqual([]);
    expect(await getAs(port, ann.token, "/api/v1/downloads?status=gone")).toMatchObject({ status: 422 });
  });

  test("another user's looks like one that does not exist; a moderator sees all, or only their own", async () => {
    const path = `/api/v1/downloads/${made[0]}`;
    expect(await getAs(port, ann.token, path)).toMatchObject({ status: 200, body: { requestedBy: ann.id } });
    expect(await getAs(port, ben.token, path)).toMatchObject({ status: 404, body: { code: "not-found" } });
    expect((await getAs(port, ben.token, "/api/v1/downloads")).body.items).toEqual([]);
    expect(await getAs(port, moderator.token, path)).toMatchObject({ status: 200 });
    const { body } = await getAs(port, moderator.token, "/api/v1/downloads?limit=100");
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(made));
    expect((await getAs(port, moderator.token, "/api/v1/downloads?owner=me")).body.items).toEqual([]);
  });
});

interface Row {
  tick: number;
  overseerr_id: number | null;
}

async function row(requestId: string): Promise<Row> {
  const sql = "SELECT tick, overseerr_id FROM downloads WHERE request_id = $1 ORDER BY created_at DESC LIMIT 1";
  return (await platform.sql<Row & { [key: string]: unknown }>(sql, [requestId]))[0] as Row;
}

/** Of any user. */
function ended(requestId: string): Promise<void> {
  return eventually(async () =>
    expect(await platform.sql("SELECT status FROM requests WHERE id = $1", [requestId])).toEqual([
      { status: "available" },
    ]),
  );
}
