import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import * as names from "../src/observability/metrics/names.ts";
import { post } from "./calls.ts";
import { type Observed, startObserved } from "./observed.ts";
import { DEV_TOKEN, eventually } from "./platform.ts";
import { client, closeClients } from "./sockets.ts";

const spans = new InMemorySpanExporter();
let platform: Observed["platform"];
let api: Observed["api"];
let worker: Observed["worker"];
let lines: Observed["lines"];
let wish: Observed["wish"];
let delivered: Observed["delivered"];
let scrape: Observed["scrape"];

beforeAll(async () => {
  ({ platform, api, worker, lines, wish, delivered, scrape } = await startObserved([
    new SimpleSpanProcessor({ exporter: spans }),
  ]));
}, 60_000);
afterEach(closeClients);
afterAll(() => platform?.stop());

describe("a trace", () => {
  const LOOK = "job follow-download";
  const spansOf = (traceId: string | null) =>
    spans.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  /** Whether it is one of the looks at the download, or part of one: there are as many as the download takes. */
  const isOfLook = (span: ReadableSpan, all: ReadableSpan[]): boolean => {
    if (span.name === LOOK) return true;
    const parent = all.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
    return parent !== undefined && isOfLook(parent, all);
  };

  test("goes from the request through TMDB, PostgreSQL, Redis and the job, in few spans", async () => {
    const { body, headers } = await post(api.httpPort, wish());
    await delivered(body.id);
    await eventually(() => {
      const all = spansOf(headers.get("x-trace-id"));
      const looks = all.filter((span) => isOfLook(span, all));
      const named = all.map(({ name }) => name);
      // The double is a process of ours too, and goes on in the trace.
      expect(named.filter((name) => name.startsWith("GET /tmdb"))).toHaveLength(1);
      expect(named).toEqual(
        expect.arrayContaining([
          "POST /api/v1/requests",
          "tmdb GET",
          "sql create request",
          "redis add",
          "job deliver-request",
          "sql deliver request",
          LOOK,
          "sql follow download",
          "publish request.updated",
          "publish download.progress",
          "redis invalidate",
        ]),
      );
      // Of a title that was not asked for before: looked up, locked, stored, unlocked.
      const kept = named.filter((name) => name.endsWith(" answer"));
      expect(kept).toHaveLength(4);
      expect(all.length - looks.length - kept.length).toBeLessThan(12);
      const times = looks.filter(({ name }) => name === LOOK).length;
      expect(times).toBeGreaterThan(0);
      expect(looks.length / times).toBeLessThan(10);
    });
  });

  test("goes on to the socket that receives the change; a handshake has one of its own", async () => {
    const traceId = "0123456789abcdef0123456789abcde1";
    const extraHeaders = { traceparent: `00-${traceId}-0123456789abcdef-01`, "x-request-id": "of-the-handshake" };
    const { ready, updates } = client(api.httpPort, DEV_TOKEN, { extraHeaders });
    await ready();
    const handshake = spansOf(traceId).map(({ name }) => name);
    expect(handshake.sort()).toEqual(["redis rate limit", "socket handshake"]);
    const refused = client(api.httpPort, "forged", { extraHeaders });
    await eventually(() => expect(refused.refused).toHaveLength(1));
    expect(lines.filter(({ trace_id }) => trace_id === traceId)).toContainEqual(
      expect.objectContaining({ request_id: "of-the-handshake", code: "unauthenticated" }),
    );

    const { body, headers } = await post(api.httpPort, wish());
    await delivered(body.id);
    await eventually(() => expect(updates().at(-1)?.payload).toMatchObject({ status: "available" }));
    const all = spansOf(headers.get("x-trace-id"));
    const parentOf = (span: ReadableSpan) =>
      all.find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId)?.name;
    const received = all.filter(({ name }) => name.startsWith("emit "));
    expect(received.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["emit request.updated", "emit download.progress"]),
    );
    expect(received.map(parentOf)).toEqual(received.map(({ name }) => name.replace("emit", "publish")));
    expect(received).toHaveLength(updates().length);
    expect(all.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["POST /api/v1/requests", "job deliver-request", "job follow-download"]),
    );
  });

  test("that is not recorded makes no span in any process, and no exemplar", async () => {
    const traceId = "0123456789abcdef0123456789abcde0";
    const { ready, updates } = client(api.httpPort, DEV_TOKEN);
    await ready();
    const { body, headers } = await post(api.httpPort, wish(), { traceparent: `00-${traceId}-0123456789abcdef-00` });
    expect(headers.get("x-trace-id")).toBe(traceId);
    await delivered(body.id);
    await eventually(() => expect(updates().at(-1)?.payload).toMatchObject({ status: "available" }));
    expect(spansOf(traceId)).toEqual([]);
    expect(await scrape(api, "application/openmetrics-text")).not.toContain(traceId);
  });

  test.each([
    ["api", names.HTTP_REQUEST_DURATION_SECONDS],
    ["api", names.PG_QUERY_DURATION_SECONDS],
    ["api", names.UPSTREAM_REQUEST_DURATION_SECONDS],
    ["worker", names.JOB_DURATION_SECONDS],
  ] as const)("is found from the %s's %s by exemplars, which the plain format does not have", async (process, name) => {
    const from = { api, worker }[process];
    const exemplar = new RegExp(`^${name}_bucket\\{.*\\} \\d+ # \\{trace_id="([0-9a-f]{32})"\\}`, "m");
    const traceId = exemplar.exec(await scrape(from, "application/openmetrics-text"))?.[1] as string;
    expect(spansOf(traceId).length).toBeGreaterThan(0);
    expect(await scrape(from)).not.toContain("trace_id");
  });
});
