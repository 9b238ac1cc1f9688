interface Entry {
  status: number;
  title: string;
  /** What the caller can do about it; served at /problems/<code>. */
  remedy: string;
}

/** Every error a caller can get. The codes are part of the API: they are added to, never renamed. */
export const CATALOGUE = {
  "malformed-body": { status: 400, title: "The body is not JSON", remedy: "Send one JSON object, encoded as UTF-8." },
  unauthenticated: {
    status: 401,
    title: "A valid bearer token is needed",
    remedy: "Send the header `Authorization: Bearer <token>` with a token that is still valid.",
  },
  "not-found": {
    status: 404,
    title: "Nothing is here",
    remedy: "Check the path and the id; what belongs to others is not shown.",
  },
  "method-not-allowed": {
    status: 405,
    title: "This method is not offered here",
    remedy: "Use a method that the `Allow` header lists.",
  },
  "duplicate-request": {
    status: 409,
    title: "This title was already requested",
    remedy: "Follow `existingId` to the request that stands.",
  },
  "body-too-large": { status: 413, title: "The body is too large", remedy: "Send at most 16 KiB." },
  "unsupported-media-type": {
    status: 415,
    title: "The body must be JSON",
    remedy: "Send `Content-Type: application/json`.",
  },
  "validation-failed": { status: 422, title: "The body has mistakes", remedy: "Mend each entry of `errors`." },
  "unknown-title": {
    status: 422,
    title: "TMDB does not know this title",
    remedy: "Check the id and whether it is a movie or a series.",
  },
  "rate-limited": { status: 429, title: "Too many requests", remedy: "Wait for the seconds in `Retry-After`." },
  internal: {
    status: 500,
    title: "Something went wrong here",
    remedy: "Try again; if it lasts, report the `requestId`.",
  },
  "upstream-bad-response": {
    status: 502,
    title: "The title service answered nonsense",
    remedy: "Try again later; if it lasts, report the `requestId`.",
  },
  "upstream-unavailable": {
    status: 503,
    title: "The title service does not answer",
    remedy: "Wait for the seconds in `Retry-After`.",
  },
  "database-unavailable": {
    status: 503,
    title: "The database does not answer",
    remedy: "Wait for the seconds in `Retry-After`.",
  },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof CATALOGUE;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(CATALOGUE, code);
}
