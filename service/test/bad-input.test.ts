import { createTokens } from "../src/auth/tokens.ts";
import { SIGNATURE_HEADER, signatureHeader } from "../src/domain/payments/signature.ts";
import { CONTRACT, type OperationId } from "../src/http/contract/contract.ts";
import type { Operation } from "../src/http/contract/operation.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { badBodies, EXAMPLES } from "./bad-bodies.ts";
import { BAD_CURSORS, BAD_HEADERS, BAD_VALUES } from "./bad-strings.ts";
import { type Person, person, postAs } from "./calls.ts";
import { type Platform, startPlatform, WEBHOOK_KEY } from "./platform.ts";
import { complaints, type RawAnswer, type RawRequest, sendRaw } from "./raw.ts";

/** Any bad input: a problem with a name, at once, and no effect. */
let platform: Platform;
let api: Running;
let admin: Person;
let before: unknown;

beforeAll(async () => {
  platform = await startPlatform();
  const limits = ["RATE_LIMIT", "VISITOR_RATE_LIMIT", "BEACON_RATE_LIMIT", "LOGIN_RATE_LIMIT"];
  api = await platform.api(Object.fromEntries(limits.map((name) => [`${name}_PER_MINUTE`, "1000000"])));
  admin = await person(api.httpPort, "admin", "admin");
  before = await state();
});
afterAll(() => platform?.stop());
afterEach(async () => {
  const was = before;
  before = await state();
  expect(before).toEqual(was);
});

const operations = Object.entries(CONTRACT) as [OperationId, Operation][];
const send = (request: RawRequest) => sendRaw(api.httpPort, request);

/** As a caller who is allowed to, so that only the input is wrong. */
function headersFor({ access, body }: Operation, bytes = Buffer.alloc(0)): string[] {
  const json = body ? ["Content-Type: application/json"] : [];
  if (access === "webhook") return [...json, `${SIGNATURE_HEADER}: ${signatureHeader(WEBHOOK_KEY, bytes)}`];
  return access === "user" ? [...json, `Authorization: Bearer ${admin.token}`] : json;
}

/** What must be as it was. That errors were counted and people were here is no change. */
async function state(): Promise<unknown> {
  const tables = ["users", "requests", "downloads", "plans", "payments", "payment_events", "subscriptions"];
  const digest = (table: string) => `(SELECT md5(coalesce(string_agg(t::text, '' ORDER BY id), '')) FROM ${table} t)`;
  const columns = tables.map((table) => `${digest(table.replace("subscriptions", BY_USER))} AS ${table}`);
  const jobs = "(SELECT count(*)::int FROM pgboss.job WHERE name = 'deliver-request') AS jobs";
  return platform.sql(`SELECT ${[...columns, jobs].join(", ")}`);
}
const BY_USER = "(SELECT user_id AS id, * FROM subscriptions)";

describe.each(Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[])("the body of %s", (id) => {
  const operation: Operation = CONTRACT[id];
  const path = operation.path.replace("{id}", "00000000-0000-4000-8000-000000000000");

  test("is refused by what is wrong with it, and changes nothing", async () => {
    const surprises: unknown[] = [];
    for (const { name, body, code } of badBodies(id)) {
      const headers = headersFor(operation, Buffer.from(body));
      const answer = await send({ method: "POST", path, headers, body });
      if (complaints(answer).length > 0 || answer.body.code !== code)
        surprises.push({ name, code, complaints: complaints(answer), body: answer.body });
    }
    expect(surprises).toEqual([]);
  });
});

describe.each(operations.filter(([, { params, query }]) => params ?? query))(
  "each parameter of %s",
  (id, operation) => {
    test("may be anything", async () => {
      const surprises: unknown[] = [];
      for (const [name, value] of Object.entries(BAD_VALUES))
        for (const { at, path } of pathsWith(operation, value)) {
          const body = operation.body && JSON.stringify(EXAMPLES[id as keyof typeof EXAMPLES]);
          const answer = await send({
            method: operation.method.toUpperCase(),
            path,
            headers: headersFor(operation),
            body,
          });
          // A search may look for any text.
          const right = at === "query" || answer.status >= 400;
          if (!right || complaints(answer).length > 0)
            surprises.push({ name, at, status: answer.status, complaints: complaints(answer) });
        }
      expect(surprises).toEqual([]);
    });
  },
);

/** The operation's paths with the value in the place of one parameter each, and right ones in all others. */
function pathsWith({ path, params, query }: Operation, value: string): { at: string; path: string }[] {
  const steps = Object.keys(params?.shape ?? {});
  const fields = Object.keys(query?.shape ?? {});
  const fill = (bad?: string) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) => (name === bad ? value : (RIGHT[name] as string)));
  const search = (bad: string) =>
    fields
      .filter((name) => name === bad || ["mediaType", "query"].includes(name))
      .map((name) => `${name}=${name === bad ? value : RIGHT[name]}`)
      .join("&");
  return [
    ...steps.map((at) => ({ at, path: fill(at) })),
    ...fields.map((at) => ({ at, path: `${fill()}?${search(at)}` })),
  ];
}
const RIGHT: Record<string, string> = {
  id: "00000000-0000-4000-8000-000000000000",
  fingerprint: "0".repeat(32),
  mediaType: "movie",
  tmdbId: "603",
  query: "x",
  code: "internal",
};

const LISTS = ["listRequests", "listDownloads", "listUsers", "listErrors"] as const;
test.each(LISTS)("%s refuses every cursor that is no place in a list", async (id) => {
  const operation: Operation = CONTRACT[id];
  for (const cursor of BAD_CURSORS) {
    const path = `${operation.path}?cursor=${Buffer.from(cursor).toString("base64url")}`;
    const { status, body } = await send({ method: "GET", path, headers: headersFor(operation) });
    expect({ cursor, status, code: body.code }).toEqual({ cursor, status: 422, code: "validation-failed" });
  }
});

describe("headers", () => {
  test.each(BAD_HEADERS)("$name", async ({ lines, status, code, body, method = "POST" }) => {
    const expired = createTokens(platform.servers.databasePassword, () => Date.now() - 3_600_000);
    const words = {
      ADMIN: admin.token,
      EXPIRED: expired.sign({ sub: admin.id, role: "admin", sid: "s" }),
      OTHER_KEY: createTokens("another secret").sign({ sub: admin.id, role: "admin", sid: "s" }),
    };
    const headers = lines.map((line) =>
      line.replace(/\b(ADMIN|EXPIRED|OTHER_KEY)\b/g, (word) => words[word as "ADMIN"]),
    );
    const answer = await send({ method, path: "/api/v1/requests", headers, body });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    // What Node.js cannot parse it refuses by itself, without a document.
    if (code !== undefined) expect(complaints(answer)).toEqual([]);
    expect(answer.ms).toBeLessThan(1_000);
  });

  test.each([
    ["quotes", 'x" forged="1'],
    ["a tab", "a\tb-c-d-e-f"],
    ["what is no ASCII", "ids-\u00e9\u00e8\u00ea-latin1"],
    ["5,000 characters", "x".repeat(5_000)],
    ["a page of script", "<script>alert(1)</script>"],
  ])("a request id with %s is replaced", async (_name, id) => {
    const { headers } = await send({ method: "GET", path: "/problems/internal", headers: [`X-Request-Id: ${id}`] });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });

  test("a request id with a newline makes no header of ours", async () => {
    const headers = ["X-Request-Id: abcdefgh\nSet-Cookie: a=b", "X-Forwarded-For: ' or 1=1 --", "Traceparent: x\u0080"];
    const answer = await send({ method: "GET", path: "/problems/internal", headers });
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect([200, 400]).toContain(answer.status);
  });
});

test("what the payment provider sends of unknown types is kept as it came, and pollutes nothing", async () => {
  const deep = `${"[".repeat(7_000)}${"]".repeat(7_000)}`;
  const event = (id: string, data: string) => `{"id":"${id}","type":"other.type","createdAt":1,"data":${data}}`;
  const deliver = (body: string): Promise<RawAnswer> => {
    const headers = headersFor(CONTRACT.receivePayment, Buffer.from(body));
    return send({ method: "POST", path: CONTRACT.receivePayment.path, headers, body });
  };
  const odd = [
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"a\\u0000":"\\udc00"}',
  ];
  for (const [n, data] of odd.entries()) expect((await deliver(event(`evt_odd_${n}`, data))).status).toBe(200);
  const tooDeep = await deliver(event("evt_deep", `{"a":${deep}}`));
  expect(tooDeep).toMatchObject({ status: 422, body: { errors: [{ path: "/data" }] } });
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  await platform.sql("DELETE FROM payment_events WHERE type = 'other.type'");
});

test("after all of it the service works as ever", async () => {
  const { token } = await person(api.httpPort, "afterwards");
  const wish = { mediaType: "movie", tmdbId: 604 };
  const made = await postAs(api.httpPort, token, "/api/v1/requests", wish);
  expect(made.status).toBe(201);
  for (const id of LISTS) {
    const operation: Operation = CONTRACT[id];
    expect((await send({ method: "GET", path: operation.path, headers: headersFor(operation) })).status).toBe(200);
  }
  before = await state();
});
