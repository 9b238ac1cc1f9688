import fc from "fast-check";
import { z } from "zod";
import { CONTRACT } from "../src/http/contract/contract.ts";
import type { Operation } from "../src/http/contract/operation.ts";
import { openapi } from "../src/http/openapi.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { call } from "./calls.ts";
import { keepsContract, validatorAt } from "./contract.ts";
import { type Platform, startPlatform } from "./platform.ts";

type Json = Record<string, unknown>;
const operations = Object.entries(CONTRACT) as [string, Operation][];

describe("the document", () => {
  const document = openapi("1.2.3-test") as { paths: Record<string, Record<string, Json>>; components: Json };

  test("has every operation once, with its path's parameters", () => {
    const found = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(found.map(({ operationId }) => operationId).sort()).toEqual(operations.map(([id]) => id).sort());
    for (const [path, methods] of Object.entries(document.paths)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods)) {
        const inPath = (parameters as { name: string; in: string }[]).filter((parameter) => parameter.in === "path");
        expect(inPath.map(({ name }) => name)).toEqual(wanted);
      }
    }
  });

  test("points only to what is in it", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    const known = Object.keys((document.components as { schemas: Json }).schemas);
    for (const [, name] of references) expect(known).toContain(name);
    expect(JSON.stringify(document)).not.toContain("$defs");
  });

  test("every POST can be repeated with a key", () => {
    for (const { post } of Object.values(document.paths)) {
      if (post) expect(JSON.stringify(post.parameters)).toContain("Idempotency-Key");
    }
  });
});

describe("what is enforced and what is written agree", () => {
  const withBody = operations.filter(([, { body }]) => body);
  test.each(withBody)("body of %s", (_id, { body, path, method }) => {
    const schema = body as z.ZodObject;
    const written = validatorAt(["paths", path, method, "requestBody", "content", "application/json", "schema"]);
    const seen = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(bodies(z.toJSONSchema(schema, { io: "input" }) as Json), (value) => {
        const enforced = schema.safeParse(value).success;
        seen[enforced ? "valid" : "invalid"] += 1;
        expect({ value, accepted: written(value) }).toEqual({ value, accepted: enforced });
      }),
      { numRuns: 1_000 },
    );
    // The control: had all been refused or all accepted, agreement would mean nothing.
    expect(seen.valid).toBeGreaterThan(20);
    expect(seen.invalid).toBeGreaterThan(20);
  });

  test("an answer that is not as written is found", () => {
    const good = { status: 404, type: "application/problem+json", body: problem("not-found") };
    const path = "/api/v1/requests/1";
    keepsContract("GET", path, good);
    expect(() => keepsContract("GET", path, { ...good, status: 418 })).toThrow("is not in the document");
    expect(() => keepsContract("GET", path, { ...good, body: { code: "not-found" } })).toThrow("must have required");
    expect(() => keepsContract("GET", path, { ...good, body: problem("body-too-large") })).toThrow("not announced");
    const request = { status: 200, type: "application/json", body: { id: "x" } };
    expect(() => keepsContract("GET", path, request)).toThrow("must have required property 'status'");
  });
});

describe("served", () => {
  let platform: Platform;
  let api: Running;
  beforeAll(async () => {
    platform = await startPlatform();
    api = await platform.api();
  });
  afterAll(() => platform?.stop());

  test("as JSON, with the running version, kept by caches and not sent twice", async () => {
    const answer = await call(api.httpPort, "/api/v1/openapi.json", { headers: {} });
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(openapi("1.2.3-test"))));
    const etag = answer.headers.get("etag") ?? "";
    // Without a header of its own fetch asks caches to be passed by.
    const headers = { "if-none-match": etag, "cache-control": "max-age=0" };
    const again = await call(api.httpPort, "/api/v1/openapi.json", { headers });
    expect([again.status, again.body]).toEqual([304, ""]);
  });

  test("as a page that names every operation and loads nothing", async () => {
    const { body, headers } = await call(api.httpPort, "/api/v1/docs");
    for (const [id, { path }] of operations) {
      expect(body).toContain(`id="${id}"`);
      expect(body).toContain(path);
    }
    expect(body).not.toMatch(/src=|@import|url\(|<script|<link|https?:\/\//);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});

function problem(code: string) {
  return { type: "t", title: "t", status: 404, instance: "/", code, hint: "h", requestId: "r" };
}

/** Bodies near the schema: mostly right, with something wrong now and then. */
function bodies(schema: Json): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  const model = Object.fromEntries(properties.map(([name, part]) => [name, near(part)]));
  const requiredKeys = (schema.required ?? []) as string[];
  const rightKeys = fc.record(model, { requiredKeys });
  const anyKeys = fc.record({ ...model, extra: fc.jsonValue() }, { requiredKeys: [] });
  return fc.oneof({ weight: 6, arbitrary: rightKeys }, { weight: 2, arbitrary: anyKeys }, fc.jsonValue());
}

function near(part: Json): fc.Arbitrary<unknown> {
  const right = ((): fc.Arbitrary<unknown> => {
    if (Array.isArray(part.enum)) return fc.constantFrom(...part.enum);
    if (part.type === "integer")
      return fc.integer({ min: Number(part.minimum ?? -10), max: Number(part.maximum ?? 10) });
    if (part.format === "email") return fc.constantFrom("ann@example.org", "a.b+c@mail.example.com", "ann@", "@x.org");
    if (part.type === "number")
      return fc.double({ min: Number(part.minimum ?? -10), max: Number(part.maximum ?? 10), noNaN: true });
    if (part.type === "object") return bodies(part);
    if (typeof part.pattern === "string") return fc.stringMatching(new RegExp(part.pattern));
    if (part.type === "string") return fc.string({ minLength: Number(part.minLength ?? 0), maxLength: 90 });
    return fc.jsonValue();
  })();
  const edges = fc.constantFrom<unknown>(
    part.minimum,
    part.maximum,
    Number(part.minimum) - 1,
    0.5,
    "1",
    null,
    "",
    1e21,
  );
  return fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: edges }, fc.jsonValue());
}
