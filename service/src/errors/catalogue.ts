/** Where an error arises. */
export const SOURCES = ["client", "service", "database", "network", "external"] as const;
/** What kind of error it is. */
export const CLASSES = ["validation", "authentication", "authorization", "business", "system"] as const;
/** Which layer handles it: the caller, the gateway (before any work is done), the domain, or the data layer. */
export const LAYERS = ["client", "gateway", "service", "database"] as const;

export interface Entry {
  status: number;
  class: (typeof CLASSES)[number];
  source: (typeof SOURCES)[number];
  layer: (typeof LAYERS)[number];
  title: string;
  /** What the caller can do about it: the document's `hint`, and on the page /problems/<code>. */
  remedy: string;
}

const wrong = { class: "validation", source: "client", layer: "client" } as const;
const turnedAway = { class: "authentication", source: "client", layer: "gateway" } as const;
const outside = { class: "system", source: "external", layer: "service" } as const;
const WAIT = "Wait for the seconds in `Retry-After`.";

/** Every error a caller can get. The codes are part of the API: they are added to, never renamed. */
export const CATALOGUE = {
  "malformed-url": {
    ...wrong,
    status: 400,
    title: "The path cannot be decoded",
    remedy: "Encode the path as UTF-8, with `%` and two hexadecimal digits where needed.",
  },
  "malformed-body": {
    ...wrong,
    status: 400,
    title: "The body is not JSON",
    remedy: "Send one JSON object, encoded as UTF-8.",
  },
  "idempotency-key-invalid": {
    ...wrong,
    status: 400,
    title: "The Idempotency-Key is not usable",
    remedy: "Send 1 to 255 visible ASCII characters, for example a fresh UUID.",
  },
  unauthenticated: {
    ...turnedAway,
    status: 401,
    title: "A valid bearer token is needed",
    remedy: "Send the header `Authorization: Bearer <token>` with a token that is still valid.",
  },
  "token-expired": {
    ...turnedAway,
    status: 401,
    title: "The access token has run out",
    remedy: "Get a new one with the refresh token, and send the request again.",
  },
  "session-ended": { ...turnedAway, status: 401, title: "The session is over", remedy: "Sign in again." },
  "signature-invalid": {
    ...turnedAway,
    status: 401,
    title: "The signature does not fit the body",
    remedy:
      "Sign the time and the body's bytes as sent with the shared key: `Payment-Signature: t=<seconds>,v1=<hex>`.",
  },
  "signature-expired": {
    ...turnedAway,
    status: 401,
    title: "The signature is too old, or from the future",
    remedy: "Sign anew with each try, and set the clock: five minutes are allowed.",
  },
  "invalid-credentials": {
    ...turnedAway,
    layer: "service",
    status: 401,
    title: "Address or password is wrong",
    remedy: "Check both; whether the account exists is not said.",
  },
  forbidden: {
    class: "authorization",
    source: "client",
    layer: "service",
    status: 403,
    title: "Your role does not allow this",
    remedy: "Ask an administrator for the role that it needs.",
  },
  "not-found": {
    class: "business",
    source: "client",
    layer: "service",
    status: 404,
    title: "Nothing is here",
    remedy: "Check the path and the id; what belongs to others is not shown.",
  },
  "method-not-allowed": {
    ...wrong,
    status: 405,
    title: "This method is not offered here",
    remedy: "Use a method that the `Allow` header lists.",
  },
  "duplicate-request": {
    class: "business",
    source: "client",
    layer: "database",
    status: 409,
    title: "This title was already requested",
    remedy: "Follow `existingId` to the request that stands.",
  },
  "email-taken": {
    class: "business",
    source: "client",
    layer: "database",
    status: 409,
    title: "There is an account with this address",
    remedy: "Sign in, or register another address.",
  },
  "wrong-state": {
    class: "business",
    source: "client",
    layer: "database",
    status: 409,
    title: "The request is in a state in which this is not possible",
    remedy: "Compare `currentStatus` with `possibleFrom`.",
  },
  "idempotency-in-flight": {
    class: "business",
    source: "client",
    layer: "database",
    status: 409,
    title: "A request with this Idempotency-Key is still at work",
    remedy: WAIT,
  },
  "body-too-large": { ...wrong, status: 413, title: "The body is too large", remedy: "Send at most 16 KiB." },
  "unsupported-media-type": {
    ...wrong,
    status: 415,
    title: "The body must be JSON",
    remedy: "Send `Content-Type: application/json`.",
  },
  "validation-failed": {
    ...wrong,
    status: 422,
    title: "The body has mistakes",
    remedy: "Mend each entry of `errors`.",
  },
  "idempotency-key-reused": {
    ...wrong,
    layer: "database",
    status: 422,
    title: "This Idempotency-Key came with another body before",
    remedy: "Send the first body again, or a fresh key with the new one.",
  },
  "unknown-title": {
    class: "business",
    source: "client",
    layer: "service",
    status: 422,
    title: "TMDB does not know this title",
    remedy: "Check the id and whether it is a movie or a series.",
  },
  "quota-exceeded": {
    class: "business",
    source: "client",
    layer: "database",
    status: 429,
    title: "This week's requests are used up",
    remedy: "Take a larger plan (`/api/v1/plans`), or wait until `resetsAt`: the seconds are in `Retry-After`.",
  },
  "rate-limited": {
    class: "business",
    source: "client",
    layer: "gateway",
    status: 429,
    title: "Too many requests",
    remedy: WAIT,
  },
  internal: {
    class: "system",
    source: "service",
    layer: "service",
    status: 500,
    title: "Something went wrong here",
    remedy: "Try again; if it lasts, report the `requestId`.",
  },
  "upstream-bad-response": {
    ...outside,
    status: 502,
    title: "An outside service answered nonsense",
    remedy: "Try again later; if it lasts, report the `requestId`.",
  },
  "upstream-unavailable": {
    ...outside,
    status: 503,
    title: "An outside service cannot answer now",
    remedy: WAIT,
  },
  "upstream-unreachable": {
    ...outside,
    source: "network",
    status: 503,
    title: "An outside service does not answer",
    remedy: WAIT,
  },
  "circuit-open": {
    class: "system",
    source: "service",
    layer: "service",
    status: 503,
    title: "A part that failed too often is being left alone",
    remedy: WAIT,
  },
  overloaded: {
    class: "system",
    source: "service",
    layer: "gateway",
    status: 503,
    title: "Too much is asked at once",
    remedy: WAIT,
  },
  "sessions-unavailable": {
    class: "system",
    source: "database",
    layer: "database",
    status: 503,
    title: "The store of sessions does not answer",
    remedy: WAIT,
  },
  "database-unavailable": {
    class: "system",
    source: "database",
    layer: "database",
    status: 503,
    title: "The database does not answer",
    remedy: WAIT,
  },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof CATALOGUE;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(CATALOGUE, code);
}
