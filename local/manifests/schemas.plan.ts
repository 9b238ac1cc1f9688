/** A JSON schema, or the part of Kubernetes' OpenAPI document that is one. */
export type Schema = { [key: string]: unknown };

export interface Swagger {
  definitions: Record<string, Schema>;
}

/** Which kind an object is of: "networking.k8s.io/v1", "NetworkPolicy". */
export interface Kind {
  apiVersion: string;
  kind: string;
}

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

const REFERENCE = "#/definitions/";
/** What a document may write as a number or a text. */
const LOOSE = [{ type: "string" }, { type: "number" }];

/** The file name under which kubeconform looks for a kind: "networkpolicy-networking-v1.json". */
export function fileOf({ apiVersion, kind }: Kind): string {
  const parts = apiVersion.split("/");
  const [group = "", version] = parts.length > 1 ? parts : ["", apiVersion];
  return `${[kind.toLowerCase(), group.split(".")[0], version].filter(Boolean).join("-")}.json`;
}

/** The strict schema of a kind: a field that Kubernetes does not know is an error. Undefined for a kind that is not its own. */
export function schemaOf({ definitions }: Swagger, { apiVersion, kind }: Kind): Schema | undefined {
  const name = Object.keys(definitions).find((candidate) =>
    ((definitions[candidate]?.["x-kubernetes-group-version-kind"] ?? []) as GroupVersionKind[]).some(
      (one) => one.kind === kind && [one.group, one.version].filter(Boolean).join("/") === apiVersion,
    ),
  );
  if (!name) return undefined;
  const used: Record<string, Schema> = {};
  const waiting = [name];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (used[next]) continue;
    const strict = strictly(definitions[next] ?? {}, next) as Schema;
    used[next] = strict;
    waiting.push(...referencesIn(strict));
  }
  return { $schema: "http://json-schema.org/draft-07/schema#", $ref: `${REFERENCE}${name}`, definitions: used };
}

function strictly(schema: unknown, name = ""): unknown {
  if (Array.isArray(schema)) return schema.map((inner) => strictly(inner));
  if (typeof schema !== "object" || schema === null) return schema;
  const { format, ...rest } = schema as Schema;
  if (format === "int-or-string" || name.endsWith(".Quantity")) return { oneOf: LOOSE };
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, strictly(value)]));
  const isClosed = typeof rest.properties === "object" && rest.additionalProperties === undefined;
  return isClosed ? { ...inner, additionalProperties: false } : inner;
}

function referencesIn(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "$ref" && typeof value === "string" ? [value.slice(REFERENCE.length)] : referencesIn(value),
  );
}
