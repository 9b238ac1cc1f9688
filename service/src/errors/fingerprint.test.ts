import fc from "fast-check";
import { createFingerprinter } from "./fingerprint.ts";
import { normaliseMessage, normaliseStack } from "./normalise.ts";
import { Problem, toProblem } from "./problem.ts";

const groupOf = createFingerprinter();
const fingerprint = (thrown: unknown) => groupOf(toProblem(thrown)).fingerprint;

interface Place {
  root: string;
  line: number;
  version: string;
}

/** The same bug as two machines, two releases of a dependency and two calls would show it. */
function bug({ root, line, version }: Place, id: string, number: number): Error {
  const error = new TypeError(`cannot deliver ${id} to '${id}' at ${root}/file.ts after ${number} tries`);
  error.stack = `TypeError: whatever ${id}
    at Parser.parse (file://${root}/node_modules/pg-protocol/dist/parser.js:${line}:${number})
    at node:internal/process/task_queues:${line}:7
    at deliver (file://${root}/service/src/domain/deliver-request.ts:${line}:${number})
    at async runJob (file://${root}/service/src/processes/worker.ts?v=${version}:${line}:9)
    at async Promise.all (index ${number})`;
  return error;
}

const place = fc.record({
  root: fc.constantFrom("/app", "/home/ann/media", "/srv/releases/2026-11-22", "/work/x_1"),
  line: fc.nat(5_000),
  version: fc.stringMatching(/^[0-9a-f]{8}$/),
});
const id = fc.oneof(fc.uuid(), fc.stringMatching(/^[0-9a-f]{24,40}$/), fc.nat().map(String));

describe("one error is one group", () => {
  test("whatever its ids, numbers, paths and lines are", () => {
    fc.assert(
      fc.property(place, place, id, id, fc.nat(), fc.nat(), (here, there, a, b, m, n) => {
        expect(fingerprint(bug(here, a, m))).toBe(fingerprint(bug(there, b, n)));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    [
      'duplicate key value violates unique constraint "users_email_key"',
      "duplicate key value violates unique constraint 'users_email_key'",
    ],
    ["connect ECONNREFUSED 10.0.3.17:6432", "connect ECONNREFUSED <address>"],
    ["connect ECONNREFUSED ::1:6432", "connect ECONNREFUSED <address>"],
    ["getaddrinfo ENOTFOUND redis-state-0.redis-state", "getaddrinfo ENOTFOUND redis-state<id>.redis-state"],
    ["no user ann@example.org since 2026-11-22T10:00:00.123Z", "no user <email> since <time>"],
    ["Unexpected token 'h', \"hunter2\" is not valid JSON", "Unexpected token <text>, <text> is not valid JSON"],
    ['invalid input syntax for type uuid: "my secret"', "invalid input syntax for type uuid: <text>"],
    ["tmdb answered 500 to /3/movie/603", "tmdb answered <id> to <path>"],
    ["GET https://api.example.org/3?key=abc failed", "GET <url> failed"],
    ["Cannot read properties of undefined (reading 'title')", "Cannot read properties of undefined (reading 'title')"],
    ['relation "requests" does not exist', "relation 'requests' does not exist"],
    ["job 3f0e8c1a-0b7d-4c55-9f51-2f0a8e6f7a10 is gone", "job <id> is gone"],
    ["session sid_9f8e7d6c5b4a39281706 ended", "session <id> ended"],
  ])("%s → %s", (message, expected) => {
    expect(normaliseMessage(message)).toBe(expected);
  });

  test("its frames have neither lines, nor the insides of dependencies", () => {
    expect(normaliseStack(bug({ root: "/app", line: 7, version: "a" }, "1", 2).stack)).toEqual([
      "pg-protocol",
      "deliver (src/domain/deliver-request.ts)",
      "runJob (src/processes/worker.ts)",
    ]);
  });
});

describe("two errors are two groups", () => {
  const word = fc.stringMatching(/^[a-z]{3,12}$/);
  const mistake = fc.record({
    type: word,
    words: fc.array(word, { minLength: 1, maxLength: 5 }),
    code: word,
    fn: word,
  });
  const build = ({ type, words, code, fn }: { type: string; words: string[]; code: string; fn: string }) => {
    class Failure extends Error {}
    Object.defineProperty(Failure, "name", { value: type });
    const error = Object.assign(new Failure(words.join(" ")), { code });
    error.stack = `x\n    at ${fn} (file:///app/service/src/x.ts:1:1)`;
    return error;
  };

  test("when kind, message, code or function differ, and one when none does", () => {
    fc.assert(
      fc.property(mistake, mistake, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(fingerprint(build(a)) === fingerprint(build(b))).toBe(same);
        expect(fingerprint(build(a))).toBe(fingerprint(build({ ...a })));
        for (const change of [{ type: `${a.type}x` }, { code: `${a.code}x` }, { fn: `${a.fn}x` }])
          expect(fingerprint(build({ ...a, ...change }))).not.toBe(fingerprint(build(a)));
      }),
      { numRuns: 300 },
    );
  });

  test("when they have different causes, dependencies or codes", () => {
    const refused = (code: string) =>
      new Problem("upstream-unreachable", { cause: Object.assign(new Error("x"), { code }) });
    const open = (dependency: string) => new Problem("circuit-open", { extensions: { dependency } });
    const all = [
      refused("ECONNREFUSED"),
      refused("ECONNRESET"),
      open("tmdb"),
      open("plex"),
      new Problem("overloaded", { extensions: { dependency: "tmdb" } }),
      new Problem("not-found"),
      new Problem("forbidden"),
    ];
    expect(new Set(all.map(fingerprint)).size).toBe(all.length);
  });

  test("the caller's mistakes are one group per code, whatever they say", () => {
    const said = (detail: string) => new Problem("validation-failed", { detail, extensions: { errors: [detail] } });
    expect(fingerprint(said("one"))).toBe(fingerprint(said("another")));
  });
});

test("what is no Error says nothing of itself", () => {
  const group = groupOf(toProblem("hunter2"));
  expect(JSON.stringify(group)).not.toContain("hunter2");
  expect(groupOf(toProblem("other")).fingerprint).toBe(group.fingerprint);
});

test("a group holds no data of the error", () => {
  fc.assert(
    fc.property(fc.emailAddress(), fc.uuid(), fc.ipV4(), (email, uuid, address) => {
      const text = JSON.stringify(groupOf(toProblem(new Error(`${uuid} of <${email}> at ${address}: "${email}"`))));
      for (const secret of [email, uuid, address]) expect(text).not.toContain(secret);
    }),
  );
});
