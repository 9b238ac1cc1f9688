import { z } from "zod";
// Registers the schemas of live updates, which the document lists too.
import "../domain/published-events.ts";
import { SIGNATURE_HEADER } from "../domain/payments/signature.ts";
import { CATALOGUE, type ProblemCode } from "../errors/catalogue.ts";
import { CACHING, cachingOf } from "./contract/caching.ts";
import { CONTRACT } from "./contract/contract.ts";
import { JSON_ONLY, type Operation } from "./contract/operation.ts";
import { PLAIN_TEXT } from "./contract/plain-text.ts";

type Json = Record<string, unknown>;

/** Known by its name as soon as this module is loaded, like the schemas of the contract. */
export const PROBLEM = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    instance: z.string(),
    code: z.enum(Object.keys(CATALOGUE) as [ProblemCode, ...ProblemCode[]]),
    hint: z.string(),
    requestId: z.string(),
    errors: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457. `type` is a path of this API that explains the error." });

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description: "Makes a repeated POST safe: the same key and body get the same answer for 24 hours.",
  schema: { type: "string", pattern: "^[!-~]{1,255}$" },
};

const SIGNATURE_SCHEME =
  "`t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 with the shared key over the time, a full stop and the body's bytes.";

/**
 * The API as an OpenAPI 3.1 document. It is made from the very contract that is enforced, so it cannot promise what
 * is not checked; OpenAPI 3.1 takes JSON Schema 2020-12 as it is.
 */
export function openapi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [id, operation] of Object.entries(CONTRACT) as [string, Operation][]) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(id, operation) };
  }
  const named = z.toJSONSchema(z.globalRegistry, { io: "output", uri: reference }).schemas;
  return {
    openapi: "3.1.0",
    info: {
      title: "Media requests",
      version,
      description: "Ask for films and series, and follow them until they are there.",
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, bare(schema as Json)])),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        signature: { type: "apiKey", in: "header", name: SIGNATURE_HEADER, description: SIGNATURE_SCHEME },
      },
    },
  };
}

function describe(operationId: string, operation: Operation): Json {
  const { tag, summary, access, body, bodyTypes = JSON_ONLY } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...security(access),
    parameters: [
      ...parameters(operation.params, "path"),
      ...parameters(operation.query, "query"),
      ...(operation.method === "post" ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(body && { requestBody: { required: true, content: contentOf(bodyTypes, body) } }),
    responses: { ...answers(operation), ...unchanged(operation), ...problems(operation) },
  };
}

function security(access: Operation["access"]): Json {
  if (access === "user") return { security: [{ bearer: [] }] };
  return access === "webhook" ? { security: [{ signature: [] }] } : {};
}

function contentOf(types: readonly string[], body: z.ZodType): Json {
  return Object.fromEntries(types.map((type) => [type, { schema: inputSchema(body) }]));
}

function unchanged({ method }: Operation): Json {
  return method === "get"
    ? { 304: { description: "As it was when it had the `ETag` that `If-None-Match` names." } }
    : {};
}

function parameters(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, part]) => ({
    name,
    in: place,
    required: place === "path" || !(part as z.ZodType).safeParse(undefined).success,
    schema: inputSchema(part as z.ZodType),
  }));
}

function answers(operation: Operation): Json {
  const headers = { "Cache-Control": { schema: { const: CACHING[cachingOf(operation)] } } };
  return Object.fromEntries(
    Object.entries(operation.answers).map(([status, { description, schema, type = "application/json" }]) => [
      status,
      { description, headers, ...(schema && { content: { [type]: { schema: outputSchema(schema) } } }) },
    ]),
  );
}

/** Codes with one status are one answer. */
function problems(operation: Operation): Json {
  const byStatus = Map.groupBy(problemCodes(operation), (code) => CATALOGUE[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `${CATALOGUE[code].title} (\`${code}\`).`).join(" "),
        content: { "application/problem+json": { schema: { $ref: reference("Problem") } } },
      },
    ]),
  );
}

const BY_ACCESS: Record<Operation["access"], readonly ProblemCode[]> = {
  public: [],
  visitor: ["circuit-open", "overloaded", "rate-limited"],
  beacon: ["circuit-open", "overloaded", "rate-limited"],
  webhook: [
    "circuit-open",
    "overloaded",
    "database-unavailable",
    "rate-limited",
    "signature-invalid",
    "signature-expired",
  ],
  user: [
    "circuit-open",
    "overloaded",
    "database-unavailable",
    "unauthenticated",
    "token-expired",
    "session-ended",
    "rate-limited",
  ],
};
const WITH_BODY: readonly ProblemCode[] = [
  "malformed-body",
  "body-too-large",
  "unsupported-media-type",
  "validation-failed",
];
const WITH_KEY: readonly ProblemCode[] = ["idempotency-key-invalid", "idempotency-in-flight", "idempotency-key-reused"];

/** Every problem that an operation can answer with; a test fails on one that is not among them. */
export function problemCodes({
  access,
  needs,
  method,
  body,
  params,
  query,
  problems: own = [],
}: Operation): ProblemCode[] {
  const codes = [
    ...BY_ACCESS[access],
    ...(needs ? (["forbidden"] as const) : []),
    ...(body ? WITH_BODY : []),
    ...(query ? (["validation-failed"] as const) : []),
    ...(method === "post" ? [...WITH_KEY, "database-unavailable" as const] : []),
    ...(params ? (["malformed-url", "not-found"] as const) : []),
    ...own,
    "internal" as const,
  ];
  return [...new Set(codes)].sort((a, b) => CATALOGUE[a].status - CATALOGUE[b].status);
}

const reference = (name: string) => `#/components/schemas/${name}`;
const inputSchema = (schema: z.ZodType) =>
  bare(z.toJSONSchema(schema, { io: "input", override: ({ jsonSchema }) => sayPlain(jsonSchema) }) as Json);

/** Text that has no form of its own may at least be anything but what plain-text.ts refuses. */
function sayPlain(schema: Json): void {
  if (schema.type === "string" && !schema.enum && !("const" in schema)) schema.pattern ??= PLAIN_TEXT;
}

function outputSchema(schema: z.ZodType): Json {
  const name = z.globalRegistry.get(schema)?.id;
  if (name) return { $ref: reference(name) };
  const { $defs, ...whole } = z.toJSONSchema(schema, { io: "output" }) as Json;
  return pointToComponents(bare(whole)) as Json;
}

/** Named schemas are components of the document, not definitions inside each schema that uses them. */
function pointToComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointToComponents);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" ? String(inner).replace("#/$defs/", "#/components/schemas/") : pointToComponents(inner),
    ]),
  );
}

function bare({ $schema: _, $id: __, ...schema }: Json): Json {
  return schema;
}
