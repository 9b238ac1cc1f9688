import { CATALOGUE, type ProblemCode } from "@media/service/problems";

/** An error that nginx gives by itself: one that the service has too, or one that only a gateway can have. */
type GatewayProblem = (Known | Own) & {
  detail: string;
  /** Seconds for `Retry-After`. */
  retryAfter?: number;
  /** nginx's own codes that become this status; it has some that no client knows. @default the status alone */
  from?: number[];
};

/** Type, title and hint are the service's; the page of the type is the service's too. */
interface Known {
  code: ProblemCode;
}

/** Of no type of ours (RFC 9457, section 4.2.1): the title is the status' own. */
interface Own {
  title: string;
  hint: string;
}

const WAIT = "Wait for the seconds in `Retry-After`.";

const SERVER_HEADERS: Record<string, string> = {
  "X-Request-Id": "$request_id",
  "X-Cache-Status": "$upstream_cache_status",
  "X-Content-Type-Options": "nosniff",
  "Strict-Transport-Security": '"max-age=31536000"',
};

/**
 * By status. A type of the service's is taken where it means the same: its 502 and 503 are about upstreams and
 * about too much work, which would send people to look in the wrong place.
 */
export const PROBLEMS: Record<number, GatewayProblem> = {
  400: {
    title: "Bad Request",
    detail: "The request is not valid HTTP.",
    hint: "Use https, and encode the request as HTTP says.",
    // A client's certificate, or HTTP without TLS on the port that wants it.
    from: [400, 495, 496, 497],
  },
  404: { code: "not-found", detail: "Nothing is served under this path." },
  405: {
    title: "Method Not Allowed",
    detail: "This method is not offered.",
    hint: "Use GET, HEAD or POST.",
  },
  408: {
    title: "Request Timeout",
    detail: "The request did not come whole within ten seconds.",
    hint: "Send it again, all of it at once.",
  },
  411: {
    title: "Length Required",
    detail: "Nobody can tell how long the body is.",
    hint: "Say how long the body is, or send it in chunks.",
  },
  413: { code: "body-too-large", detail: "More than 1 MiB is not even read." },
  414: {
    title: "URI Too Long",
    detail: "The path and query may have 8 KiB at most.",
    hint: "Shorten the query, or ask for less at once.",
  },
  421: {
    title: "Misdirected Request",
    detail: "This connection is for another host.",
    hint: "Open a connection of its own for this host.",
  },
  429: { code: "rate-limited", detail: "Too many requests came from this address.", retryAfter: 1 },
  431: {
    title: "Request Header Fields Too Large",
    detail: "A header may have 8 KiB at most.",
    hint: "Send fewer or shorter headers and cookies.",
    from: [431, 494],
  },
  500: { code: "internal", detail: "The gateway failed." },
  501: {
    title: "Not Implemented",
    detail: "This way to send a body is not known.",
    hint: "Send it with its length, or in chunks.",
  },
  502: { title: "Bad Gateway", detail: "The service gave no valid answer.", hint: WAIT, retryAfter: 1 },
  503: { title: "Service Unavailable", detail: "The service is not available.", hint: WAIT, retryAfter: 1 },
  504: {
    title: "Gateway Timeout",
    detail: "The service did not answer in time: the request may or may not have been done.",
    hint: "Wait for the seconds in `Retry-After`; send a POST again under its Idempotency-Key, which does it once.",
    retryAfter: 1,
  },
  505: {
    title: "HTTP Version Not Supported",
    detail: "This version of HTTP is not spoken here.",
    hint: "Use HTTP/1.1 or HTTP/2.",
  },
};

/** Locations that answer each error (RFC 9457); the service's own errors pass through untouched. */
export function problemLocations(): string {
  return Object.entries(PROBLEMS)
    .map(([status, problem]) => location(Number(status), problem))
    .join("\n");
}

function location(status: number, problem: GatewayProblem): string {
  const { detail, retryAfter, from = [status] } = problem;
  const body = JSON.stringify({ ...kindOf(problem), status, detail, requestId: "$request_id" });
  // A location with headers of its own has none of its server's.
  const headers = { ...SERVER_HEADERS, ...(retryAfter ? { "Retry-After": String(retryAfter) } : {}) };
  return [
    // A path and no name: nginx cannot go to a named location when it has not understood the request's own path.
    `    error_page ${from.join(" ")} =${status} /-/problems/${status};`,
    `    location = /-/problems/${status} {`,
    "      internal;",
    "      default_type application/problem+json;",
    ...Object.entries(headers).map(([name, value]) => `      add_header ${name} ${value} always;`),
    `      return ${status} '${body}';`,
    "    }",
  ].join("\n");
}

/** What is the same each time. */
function kindOf(problem: Known | Own) {
  if (!("code" in problem)) return { type: "about:blank", title: problem.title, hint: problem.hint };
  const { title, remedy: hint } = CATALOGUE[problem.code];
  return { type: `/problems/${problem.code}`, title, code: problem.code, hint };
}
