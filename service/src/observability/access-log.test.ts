import fc from "fast-check";
import { createAccessLog } from "./access-log.ts";
import { createLogger } from "./log.ts";
import { createRedactor } from "./redact.ts";
import { requestIdOf } from "./request-id.ts";

const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 0 };
const answered = { method: "GET", route: "/api/v1/requests/:id", status: 200, duration_ms: 3 };

const OWN_SECRET = "0123456789abcdef0123456789abcdef";

function logger(level: "info" | "warn") {
  const lines: string[] = [];
  const config = { process: "api", SERVICE_VERSION: "1.0.0", LOG_LEVEL: level, secrets: { key: OWN_SECRET } } as const;
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

describe("no secret passes as a request's id", () => {
  const redact = createRedactor([OWN_SECRET]);
  const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl";
  const lineOf = (requestId: string) => {
    const { log, lines } = logger("info");
    createAccessLog(log)(span, requestId, answered);
    return lines[0] as string;
  };

  test.each([
    ["a token", JWT],
    ["a secret of the process", OWN_SECRET],
    ["a secret of the process inside other text", `x-${OWN_SECRET}.x`],
  ])("%s", (_what, id) => {
    // It has the form in which a caller's id is kept.
    expect(requestIdOf({ "x-request-id": id })).toBe(id);
    const line = lineOf(id);
    expect(line).not.toContain(id);
    expect(JSON.parse(line)).toMatchObject({ request_id: expect.stringContaining("[redacted]"), ...answered });
  });

  test("whatever has that form: redaction finds nothing more in the line", () => {
    const form = fc.stringMatching(/^[A-Za-z0-9._-]{8,40}$/);
    const id = fc.oneof(
      form,
      fc.tuple(form, fc.constantFrom(JWT, OWN_SECRET), form).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(id, (text) => {
        const line = lineOf(text);
        expect(redact(line)).toBe(line);
      }),
    );
  });

  test("the next line of another kind is redacted as ever, also when the line before could not be written", () => {
    const { log, lines } = logger("info");
    const failing = {
      info: () => {
        throw new Error("full");
      },
    } as unknown as typeof log;
    expect(() => createAccessLog(failing)(span, "request-1", answered)).toThrow("full");
    createAccessLog(log)(span, "request-1", answered);
    log.info({ token: "abc" }, `Bearer ${OWN_SECRET}`);
    expect(lines[1]).not.toMatch(new RegExp(`abc|${OWN_SECRET}`));
  });
});
