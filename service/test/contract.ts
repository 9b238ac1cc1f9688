import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { CONTRACT } from "../src/http/contract/contract.ts";
import type { Operation } from "../src/http/contract/operation.ts";
import { openapi, problemCodes } from "../src/http/openapi.ts";

type Responses = Record<string, { content?: Record<string, unknown> }>;
interface Document {
  paths: Record<string, Record<string, { responses: Responses }>>;
}

const DOCUMENT = openapi("test") as unknown as Document & Record<string, unknown>;
// Formats are also spelled out as patterns, which are checked.
const ajv = new Ajv2020({ strict: true, allErrors: true, validateFormats: false, allowUnionTypes: true });
ajv.addVocabulary(["openapi", "info", "servers", "paths", "components"]);
ajv.addSchema({ $id: "doc", ...DOCUMENT });

/** The validator of one place in the document, made by another library than the one that enforces it. */
export function validatorAt(pointer: string[]): ValidateFunction {
  const path = pointer.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
  const validate = ajv.getSchema(`doc#/${path}`);
  if (!validate) throw new Error(`the document has no schema at ${pointer.join(" ")}`);
  return validate;
}

interface Seen {
  status: number;
  type: string;
  body: unknown;
}

/** Throws when an answer is not one that the document announces for its operation. */
export function keepsContract(method: string, url: string, { status, type, body }: Seen): void {
  const operation = operationOf(method, url.split("?")[0] ?? "");
  // 405 and unknown paths belong to no operation.
  if (!operation || status === 405 || status === 304) return;
  const name = `${method} ${operation.path} ${status}`;
  const announced = DOCUMENT.paths[operation.path]?.[operation.method]?.responses[status];
  if (!announced) throw new Error(`${name} is not in the document: ${JSON.stringify(body)}`);
  const mime = type.split(";")[0] ?? "";
  if (mime === "text/html" || !announced.content) return;
  const pointer = ["paths", operation.path, operation.method, "responses", String(status), "content", mime, "schema"];
  const validate = validatorAt(pointer);
  if (!validate(body)) throw new Error(`${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
  const { code } = body as { code?: string };
  if (mime.includes("problem") && !problemCodes(operation).some((known) => known === code))
    throw new Error(`${name}: the code ${code} is not announced for this operation`);
}

function operationOf(method: string, path: string): Operation | undefined {
  const operations: Operation[] = Object.values(CONTRACT);
  const matching = operations.filter((operation) => matches(operation, path));
  return matching.find((operation) => operation.method === method.toLowerCase());
}

function matches({ path: template }: Operation, path: string): boolean {
  return new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(path);
}
