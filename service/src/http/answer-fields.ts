import type { ServerResponse } from "node:http";

const FIELDS = Symbol("header fields of the answer");
type Answering = ServerResponse & { [FIELDS]?: string[] };

/**
 * Header fields that steps before the handler want in whatever is answered: name, value, name, value. They are kept
 * beside the response, and leave together with the answer's own: three calls of `setHeader` cost as much as all the
 * rest that Node.js does to write an answer.
 */
export function fieldsOf(res: ServerResponse): string[] {
  const answering = res as Answering;
  answering[FIELDS] ??= [];
  return answering[FIELDS];
}
