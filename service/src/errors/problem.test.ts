import { CATALOGUE, isProblemCode } from "./catalogue.ts";
import { isUnavailable, Problem, problemDocument, toProblem } from "./problem.ts";

test("the document has RFC 9457's members and the extensions beside them", () => {
  const problem = new Problem("duplicate-request", { detail: "Twice.", extensions: { existingId: "7" } });
  expect(problemDocument(problem, { instance: "/api/v1/requests", requestId: "r" })).toEqual({
    type: "/problems/duplicate-request",
    title: CATALOGUE["duplicate-request"].title,
    status: 409,
    detail: "Twice.",
    instance: "/api/v1/requests",
    code: "duplicate-request",
    hint: CATALOGUE["duplicate-request"].remedy,
    requestId: "r",
    existingId: "7",
  });
});

test("what is not ours is masked, and kept as the cause", () => {
  const bug = new TypeError("x is not a function");
  expect(toProblem(bug)).toMatchObject({ code: "internal", status: 500, detail: undefined, cause: bug });
  expect(toProblem(undefined).code).toBe("internal");
});

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
test.each([
  ["refused", refused],
  ["refused on every address", new AggregateError([refused])],
  ["restarting", Object.assign(new Error("starting up"), { code: "57P03" })],
  ["demoted to a replica", Object.assign(new Error("read-only transaction"), { code: "25006" })],
  ["out of connections", Object.assign(new Error("too many clients"), { code: "53300" })],
  ["frozen", new Error("Query read timeout")],
])("a database that is %s is unavailable", (_name, error) => {
  expect(isUnavailable(error)).toBe(true);
  expect(toProblem(error)).toMatchObject({ code: "database-unavailable", headers: { "Retry-After": "2" } });
});

test("of what the body parser throws each has its problem; a path that cannot be decoded has its own", () => {
  const thrown = (more: object) => toProblem(Object.assign(new Error("x"), { status: 400, ...more })).code;
  expect(thrown({ code: "Z_DATA_ERROR" })).toBe("malformed-body");
  expect(thrown({ type: "request.aborted" })).toBe("malformed-body");
  expect(thrown({ type: "request.size.invalid" })).toBe("malformed-body");
  expect(thrown({ status: 415, type: "encoding.unsupported" })).toBe("unsupported-media-type");
  expect(thrown({ status: 500, type: "stream.not.readable" })).toBe("internal");
  expect(toProblem(Object.assign(new URIError("x"), { status: 400 })).code).toBe("malformed-url");
  expect(toProblem(new URIError("x")).code).toBe("internal");
});

test.each([
  ["a wrong statement", Object.assign(new Error("syntax error"), { code: "42601" })],
  ["a wrong password", Object.assign(new Error("password"), { code: "28P01" })],
  ["a string", "ECONNREFUSED"],
  ["nothing", null],
])("%s is not", (_name, error) => {
  expect(isUnavailable(error)).toBe(false);
});

test("only the catalogue's codes are codes", () => {
  expect(Object.keys(CATALOGUE).every(isProblemCode)).toBe(true);
  expect(["toString", "", "Internal"].some(isProblemCode)).toBe(false);
  for (const { status } of Object.values(CATALOGUE)) expect(status >= 400 && status < 600).toBe(true);
});
