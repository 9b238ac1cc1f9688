import { TaskCancelledError } from "cockatiel";
import { CATALOGUE, type ProblemCode } from "./catalogue.ts";

interface ProblemOptions {
  /** This occurrence, in a sentence for the caller. */
  detail?: string;
  /** Further members of the document (RFC 9457, section 3.2). */
  extensions?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An error that the caller may see. Everything else is masked as `internal`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string | undefined;
  readonly extensions: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? CATALOGUE[code].title, { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.status = CATALOGUE[code].status;
    this.detail = options.detail;
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
  }
}

/** The RFC 9457 document. `type` is a path that the service itself serves. */
export function problemDocument(problem: Problem, occurrence: { instance: string; requestId: string | undefined }) {
  return {
    type: `/problems/${problem.code}`,
    title: CATALOGUE[problem.code].title,
    status: problem.status,
    ...(problem.detail && { detail: problem.detail }),
    instance: occurrence.instance,
    code: problem.code,
    hint: CATALOGUE[problem.code].remedy,
    requestId: occurrence.requestId,
    ...problem.extensions,
  };
}

/** What Express's body parser throws, by its `type`. */
const BODY_ERRORS: Record<string, [code: ProblemCode, detail?: string]> = {
  "entity.parse.failed": ["malformed-body"],
  "encoding.unsupported": ["unsupported-media-type", "The body comes in a Content-Encoding that is not taken here."],
  "charset.unsupported": ["unsupported-media-type", "The body comes in a charset that is not UTF-8."],
  "entity.too.large": ["body-too-large"],
  "request.aborted": ["malformed-body", "The body ends before it is complete."],
  "request.size.invalid": ["malformed-body", "The body is not as long as its Content-Length says."],
};
/** What a decoder of gzip, deflate, brotli or zstd throws has only the status that the body parser gives it. */
const UNDECODABLE = [
  "malformed-body",
  "The body is not what its Content-Encoding says.",
] as const satisfies (typeof BODY_ERRORS)[string];

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isUnavailable(error))
    return new Problem("database-unavailable", { headers: { "Retry-After": "2" }, cause: error });
  if (error instanceof TaskCancelledError) return toProblem(new Error("Query read timeout", { cause: error }));
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  // Express decodes the path itself.
  if (error instanceof URIError && status === 400) return new Problem("malformed-url", { cause: error });
  const [code, detail] = BODY_ERRORS[type ?? ""] ?? (status === 400 ? UNDECODABLE : ["internal"]);
  return new Problem(code, { ...(detail !== undefined && { detail }), cause: error });
}

/** connection_exception, insufficient_resources, operator_intervention; a demoted primary refuses writes with 25006. */
const UNAVAILABLE_SQLSTATE = /^(08...|53...|57P..|57014|25006)$/;
const UNAVAILABLE_SYSTEM = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
]);
const UNAVAILABLE_CLIENT = /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/;

/**
 * Whether the database could not be reached or could not serve, as against a statement of ours being wrong. Looks at
 * the shape, not the class: an address with several answers fails with an AggregateError around the real ones.
 */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { code = "", message = "", errors = [] } = error as { code?: string; message?: string; errors?: unknown[] };
  return (
    UNAVAILABLE_SQLSTATE.test(code) ||
    UNAVAILABLE_SYSTEM.has(code) ||
    UNAVAILABLE_CLIENT.test(message) ||
    errors.some(isUnavailable)
  );
}
