import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import { HTTP_REQUEST_DURATION_SECONDS, REQUESTS_CREATED_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call, metric, post } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
const spans = new InMemorySpanExporter();
const { log, lines } = readableLog("api");
let nextId = 1_000;

beforeAll(async () => {
  platform = await startPlatform([new SimpleSpanProcessor({ exporter: spans })]);
  api = await platform.api({}, { log });
});
afterAll(() => platform?.stop());
afterEach(() => platform.knobs());

describe("POST /api/v1/requests", () => {
  test("answers 201 with the request and where it is", async () => {
    const answer = await post(api.httpPort, { mediaType: "movie", tmdbId: 603 });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: "pending",
      mediaType: "movie",
      tmdbId: 603,
      title: "The Matrix",
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(answer.headers.get("location")).toBe(`/api/v1/requests/${answer.body.id}`);
  });

  test("stores the request and its job together", async () => {
    const { body } = await post(api.httpPort, { mediaType: "tv", tmdbId: 1399 });
    const rows = await platform.sql<{ title: string }>("SELECT title FROM requests WHERE id = $1", [body.id]);
    expect(rows).toEqual([{ title: "Game of Thrones" }]);
    expect(await jobsOf(body.id)).toHaveLength(1);
  });

  test("answers a repeated wish with 409 and the request that stands, and makes no second job", async () => {
    const wish = { mediaType: "movie", tmdbId: ++nextId };
    const first = await post(api.httpPort, wish);
    const second = await post(api.httpPort, wish);
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({ type: "/problems/duplicate-request", existingId: first.body.id });
    expect(await jobsOf(first.body.id)).toHaveLength(1);
  });

  test("lets exactly one of many equal wishes through that come at once", async () => {
    const wish = { mediaType: "movie", tmdbId: ++nextId };
    const answers = await Promise.all(Array.from({ length: 12 }, () => post(api.httpPort, wish)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)]);
    const id = answers.find(({ status }) => status === 201)?.body.id;
    expect(new Set(answers.map(({ body }) => body.existingId ?? body.id))).toEqual(new Set([id]));
    expect(await jobsOf(id)).toHaveLength(1);
  });

  test("stores nothing when its job cannot be stored", async () => {
    const wish = { mediaType: "movie", tmdbId: ++nextId };
    await platform.sql("ALTER TABLE pgboss.job_common RENAME TO job_common_away");
    try {
      expect(await post(api.httpPort, wish)).toMatchObject({ status: 500, body: { code: "internal" } });
    } finally {
      await platform.sql("ALTER TABLE pgboss.job_common_away RENAME TO job_common");
    }
    expect(await platform.sql("SELECT id FROM requests WHERE tmdb_id = $1", [wish.tmdbId])).toEqual([]);
  });

  test("counts what was created, by media type", async () => {
    const sample = `${REQUESTS_CREATED_TOTAL}{media_type="tv"}`;
    const before = await metric(api.adminPort, sample);
    await post(api.httpPort, { mediaType: "tv", tmdbId: ++nextId });
    expect(await metric(api.adminPort, sample)).toBe(before + 1);
  });
});

describe("bad input", () => {
  const movie = '{"mediaType":"movie","tmdbId":603}';
  const cases: [string, string, Record<string, string>, number, string][] = [
    ["a body that is not JSON", '{"mediaType":', {}, 400, "malformed-body"],
    ["an empty body", "", {}, 422, "validation-failed"],
    ["an unknown media type", '{"mediaType":"book","tmdbId":1}', {}, 422, "validation-failed"],
    ["an id in quotes", '{"mediaType":"movie","tmdbId":"603"}', {}, 422, "validation-failed"],
    ["an id beyond what is stored", '{"mediaType":"movie","tmdbId":3000000000}', {}, 422, "validation-failed"],
    ["a field too many", '{"mediaType":"movie","tmdbId":1,"admin":true}', {}, 422, "validation-failed"],
    ["a title TMDB does not know", '{"mediaType":"movie","tmdbId":900000001}', {}, 422, "unknown-title"],
    ["another media type", movie, { "content-type": "text/plain" }, 415, "unsupported-media-type"],
    [
      "an unknown charset",
      movie,
      { "content-type": "application/json; charset=latin-9" },
      415,
      "unsupported-media-type",
    ],
    ["a body too large", JSON.stringify({ mediaType: "x".repeat(20_000) }), {}, 413, "body-too-large"],
    ["a wrong token", movie, { authorization: "Bearer guess" }, 401, "unauthenticated"],
    ["no token", movie, { authorization: "" }, 401, "unauthenticated"],
  ];
  test.each(cases)("%s", async (_name, body, headers, status, code) => {
    const answer = await post(api.httpPort, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.body).toMatchObject({ type: `/problems/${code}`, status, code, instance: "/api/v1/requests" });
    expect(answer.body.requestId).toBe(answer.headers.get("x-request-id"));
  });

  test("names each wrong field", async () => {
    const { body } = await post(api.httpPort, { mediaType: "book", tmdbId: -1 });
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(["/mediaType", "/tmdbId"]);
  });

  test("a method that is not offered gets a list of those that are", async () => {
    const answer = await call(api.httpPort, "/api/v1/requests", { method: "DELETE" });
    expect(answer).toMatchObject({ status: 405, body: { code: "method-not-allowed" } });
    expect(answer.headers.get("allow")).toBe("POST, GET, HEAD");
  });

  test("an unknown path", async () => {
    expect(await call(api.httpPort, "/api/v2/requests")).toMatchObject({ status: 404, body: { code: "not-found" } });
  });
});

describe("GET /api/v1/requests/:id", () => {
  test("answers from the cache after the first read", async () => {
    const { body } = await post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId });
    const first = await call(api.httpPort, `/api/v1/requests/${body.id}`);
    expect(first).toMatchObject({ status: 200, body });
    expect(first.headers.get("x-cache")).toBe("hit");
    expect(first.headers.get("cache-control")).toContain("private");
  });

  test("does not show what belongs to another user, nor what does not exist", async () => {
    const [row] = await platform.sql<{ id: string }>(
      "INSERT INTO requests (user_id, media_type, tmdb_id, title) VALUES ('other', 'movie', 1, 'x') RETURNING id",
    );
    for (const id of [row?.id, "00000000-0000-4000-8000-000000000000", "nonsense"]) {
      for (const _again of [1, 2])
        expect(await call(api.httpPort, `/api/v1/requests/${id}`)).toMatchObject({ status: 404 });
    }
  });
});

describe("errors", () => {
  test("every type is a document that explains it", async () => {
    const { body } = await call(api.httpPort, "/problems/duplicate-request");
    expect(body).toMatchObject({ type: "/problems/duplicate-request", status: 409, remedy: expect.any(String) });
    expect(await call(api.httpPort, "/problems/toString")).toMatchObject({ status: 404 });
  });

  test("an unknown error is masked for the caller and whole in the log", async () => {
    await platform.sql("ALTER TABLE requests RENAME TO requests_away");
    const answer = await post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId });
    await platform.sql("ALTER TABLE requests_away RENAME TO requests");
    expect(answer).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(JSON.stringify(answer.body)).not.toContain("relation");
    const logged = lines.find((line) => line.msg === "request failed" && line.request_id === answer.body.requestId);
    expect(JSON.stringify(logged)).toContain('relation \\"requests\\" does not exist');
  });
});

describe("TMDB on a bad day", () => {
  const wish = () => ({ mediaType: "movie", tmdbId: ++nextId });

  test("one failed call is made again", async () => {
    await platform.knobs({ errorRate: 0.5 });
    expect((await post(api.httpPort, wish())).status).toBe(201);
    expect((await post(api.httpPort, wish())).status).toBe(201);
  });

  test("garbage is 502", async () => {
    await platform.knobs({ garbage: true });
    expect(await post(api.httpPort, wish())).toMatchObject({ status: 502, body: { code: "upstream-bad-response" } });
  });

  test("down is 503 with a time to wait, and nothing is stored", async () => {
    await platform.knobs({ errorRate: 1 });
    const { tmdbId, mediaType } = wish();
    const answer = await post(api.httpPort, { tmdbId, mediaType });
    expect(answer).toMatchObject({ status: 503, body: { code: "upstream-unavailable" } });
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(await platform.sql("SELECT id FROM requests WHERE tmdb_id = $1", [tmdbId])).toEqual([]);
  });
});

describe("what is seen from outside", () => {
  test("a trace begun elsewhere goes on in the spans, the log and the job", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, "x-request-id": "from-the-gateway-1" };
    spans.reset();
    const answer = await post(api.httpPort, { mediaType: "movie", tmdbId: ++nextId }, headers);
    expect(answer.headers.get("x-trace-id")).toBe(traceId);
    expect(answer.headers.get("x-request-id")).toBe("from-the-gateway-1");
    const names = ["tmdb GET", "GET /tmdb/3/movie/:id", "sql create request", "redis rate limit", "redis add"];
    await eventually(() => {
      const finished = spans.getFinishedSpans();
      expect(finished.map(({ name }) => name)).toEqual(expect.arrayContaining([...names, "POST /api/v1/requests"]));
      expect(new Set(finished.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    });
    expect(await jobsOf(answer.body.id)).toEqual([
      {
        requestId: answer.body.id,
        correlationId: "from-the-gateway-1",
        trace: { traceparent: expect.stringContaining(traceId) },
      },
    ]);
    const line = lines.find(({ msg, request_id }) => msg === "request answered" && request_id === "from-the-gateway-1");
    expect(line).toMatchObject({
      level: "info",
      service: "media-api",
      trace_id: traceId,
      route: "/api/v1/requests",
      status: 201,
    });
  });

  test("a forged request id is replaced", async () => {
    const { headers } = await call(api.httpPort, "/problems/internal", { headers: { "x-request-id": 'x" forged="1' } });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("requests are timed by route template, with the trace as exemplar", async () => {
    const { headers } = await call(api.httpPort, "/api/v1/requests/nonsense");
    const { body } = await call(api.adminPort, "/metrics", { headers: { accept: "application/openmetrics-text" } });
    const series = `${HTTP_REQUEST_DURATION_SECONDS}_bucket{le="`;
    const lines = (body as string)
      .split("\n")
      .filter((line) => line.startsWith(series) && line.includes('route="/api/v1/requests/:id",status="404"'));
    expect(lines.join("\n")).toContain(`# {trace_id="${headers.get("x-trace-id")}"}`);
    expect(body).not.toContain("nonsense");
    expect((body as string).endsWith("# EOF\n")).toBe(true);
  });

  test("no secret is in the log", () => {
    const text = JSON.stringify(lines);
    for (const secret of [DEV_TOKEN, platform.servers.databasePassword, "tmdb-token-of-the-tests"])
      expect(text).not.toContain(secret);
  });
});

async function jobsOf(requestId: string): Promise<unknown[]> {
  const rows = await platform.sql<{ data: unknown }>("SELECT data FROM pgboss.job WHERE data->>'requestId' = $1", [
    requestId,
  ]);
  return rows.map(({ data }) => data);
}
