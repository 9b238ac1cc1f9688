/** An error that nginx gives by itself. */
interface GatewayProblem {
  title: string;
  detail: string;
  /** Seconds for `Retry-After`. */
  retryAfter?: number;
  /** nginx's own codes that become this status; it has some that no client knows. @default the status alone */
  from?: number[];
}

const SERVER_HEADERS: Record<string, string> = {
  "X-Request-Id": "$request_id",
  "X-Cache-Status": "$upstream_cache_status",
  "X-Content-Type-Options": "nosniff",
  "Strict-Transport-Security": '"max-age=31536000"',
};

/** By status. */
export const PROBLEMS: Record<number, GatewayProblem> = {
  // 495 to 497: a client's certificate, or HTTP without TLS on the port that wants it.
  400: { title: "Bad Request", detail: "The request is not valid HTTP.", from: [400, 495, 496, 497] },
  404: { title: "Not Found", detail: "Nothing is served under this path." },
  405: { title: "Method Not Allowed", detail: "This method is not offered." },
  408: { title: "Request Timeout", detail: "The request did not come whole within ten seconds." },
  411: { title: "Length Required", detail: "Say how long the body is, or send it in chunks." },
  413: { title: "Content Too Large", detail: "A request may have 1 MiB at most." },
  414: { title: "URI Too Long", detail: "The path and query may have 8 KiB at most." },
  421: { title: "Misdirected Request", detail: "This connection is for another host." },
  429: {
    title: "Too Many Requests",
    detail: "Too many requests came from this address: wait a second.",
    retryAfter: 1,
  },
  431: { title: "Request Header Fields Too Large", detail: "A header may have 8 KiB at most.", from: [431, 494] },
  500: { title: "Internal Server Error", detail: "The gateway failed: try again; if it lasts, report the requestId." },
  501: { title: "Not Implemented", detail: "This way to send a body is not known." },
  502: { title: "Bad Gateway", detail: "The service gave no valid answer: try again in a moment.", retryAfter: 1 },
  503: { title: "Service Unavailable", detail: "The service is not available: try again in a moment.", retryAfter: 1 },
  504: {
    title: "Gateway Timeout",
    detail: "The service did not answer in time: the request may or may not have been done.",
    retryAfter: 1,
  },
  505: { title: "HTTP Version Not Supported", detail: "Use HTTP/1.1 or HTTP/2." },
};

/** Locations that answer each error (RFC 9457); the service's own errors pass through untouched. */
export function problemLocations(): string {
  return Object.entries(PROBLEMS)
    .map(([status, problem]) => location(Number(status), problem))
    .join("\n");
}

function location(status: number, { title, detail, retryAfter, from = [status] }: GatewayProblem): string {
  const body = `{"type":"about:blank","title":"${title}","status":${status},"detail":"${detail}","requestId":"$request_id"}`;
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
