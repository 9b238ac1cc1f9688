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

const SERVER_HEADERS: Record<string, string> = {
  "X-Request-Id": "$request_id",
  "X-Cache-Status": "$upstream_cache_status",
  "X-Content-Type-Options": "nosniff",
  "Strict-Transport-Security": '"max-age=31536000"',
};

/**
 * By status. What only the HTTP of this edge can say has no type of ours; all else has a type of the service's catalogue,
 * with types of their own for the service itself: `upstream-…` would send people to look in the wrong place.
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
  405: { code: "method-not-allowed", detail: "This method is not offered." },
  408: {
    title: "Request Timeout",
    detail: "The request did not come whole within ten seconds.",
    hint: "Send it again, all of it at once.",
  },
  411: {
    title: "Length Required",
    detail: "The request does not say how long its body is.",
    hint: "Say how long the body is, or send it in chunks.",
  },
  413: { code: "body-too-large", detail: "More than 1 MiB is not even read." },
  414: { code: "uri-too-long", detail: "The path and query may have 8 KiB at most." },
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
  502: { code: "service-bad-answer", detail: "No pod of the service gave a valid answer.", retryAfter: 1 },
  503: { code: "service-unavailable", detail: "No pod of the service takes requests.", retryAfter: 1 },
  504: {
    code: "service-timeout",
    detail: "The request may or may not have been done.",
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
