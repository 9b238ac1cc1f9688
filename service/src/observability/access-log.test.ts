import { createAccessLog } from "./access-log.ts";
import { createLogger } from "./log.ts";

const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 0 };
const answered = { method: "GET", route: "/api/v1/requests/:id", status: 200, duration_ms: 3 };

function logger(level: "info" | "warn") {
  const lines: string[] = [];
  const config = { process: "api", SERVICE_VERSION: "1.0.0", LOG_LEVEL: level } as const;
  return { log: createLogger(config, { write: (line) => void lines.push(line) }), lines };
}

test("the line has the ids of the request and what was answered", () => {
  const { log, lines } = logger("info");
  createAccessLog(log)(span, "request-1", answered);
  const ids = { trace_id: span.traceId, span_id: span.spanId, request_id: "request-1" };
  const line = JSON.parse(lines[0] ?? "");
  expect(line).toMatchObject({ level: "info", msg: "request answered", ...ids, ...answered });
  expect(Date.parse(line.time)).toBeGreaterThan(Date.now() - 10_000);
});

test("a child's fields are in it, and below the level nothing is", () => {
  const { log, lines } = logger("info");
  createAccessLog(log.child({ part: "doubles" }))(span, "request-1", answered);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ part: "doubles", status: 200 });
  const quiet = logger("warn");
  createAccessLog(quiet.log)(span, "request-1", answered);
  expect(quiet.lines).toEqual([]);
});
