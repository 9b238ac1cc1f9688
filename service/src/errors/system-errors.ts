import { type Entry, WAIT } from "./kinds.ts";

const upstream = { class: "system", source: "external", layer: "service" } as const;
const service = { class: "system", source: "service", layer: "gateway" } as const;

/** Errors of the service, its stores and its upstreams: the caller can only wait. */
export const SYSTEM_ERRORS = {
  internal: {
    class: "system",
    source: "service",
    layer: "service",
    status: 500,
    title: "Something went wrong here",
    remedy: "Try again; if it lasts, report the `requestId`.",
  },
  "upstream-bad-response": {
    ...upstream,
    status: 502,
    title: "An upstream service sent an invalid answer",
    remedy: "Try again later; if it lasts, report the `requestId`.",
  },
  "upstream-unavailable": {
    ...upstream,
    status: 503,
    title: "An upstream service cannot answer now",
    remedy: WAIT,
  },
  "upstream-unreachable": {
    ...upstream,
    source: "network",
    status: 503,
    title: "An upstream service does not answer",
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
  // What the gateway says of the service: it cannot know more than how the service answered.
  "service-bad-answer": { ...service, status: 502, title: "The service gave no valid answer", remedy: WAIT },
  "service-unavailable": { ...service, status: 503, title: "The service is not available", remedy: WAIT },
  "service-timeout": {
    ...service,
    status: 504,
    title: "The service did not answer in time",
    remedy: "Wait for the seconds in `Retry-After`; send a POST again under its Idempotency-Key, which does it once.",
  },
  "sessions-unavailable": {
    class: "system",
    source: "database",
    layer: "database",
    status: 503,
    title: "The store of sessions does not answer",
    remedy: WAIT,
  },
  "mail-unavailable": {
    ...service,
    status: 503,
    title: "No mail can be sent from here",
    remedy: "Ask an administrator: this installation has no mail server.",
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
