import { address, type ServicePort } from "../../lib/endpoints.ts";
import { OPS, type OpsPage } from "../../lib/ops.ts";

interface Page {
  target: ServicePort;
  /** Paths of the program that may be read, as a regular expression behind its "/". @default all */
  reads?: string;
  /** What may be changed, besides reading: methods, and paths as a regular expression behind its "/". @default nothing */
  writes?: { methods: readonly string[]; paths: string };
  /** More of a location. */
  more?: readonly string[];
}

/**
 * Pages of other programs, which have no sign-in of their own: the gateway asks the responder about each request. What is not
 * listed is not passed on: no programs' own administration, no writing of metrics, logs or alerts.
 */
export const OPS_PAGES = {
  // Neither its life cycle nor profiles of it, which cost it CPU.
  prometheus: { target: "prometheus:http", reads: "(?!-/|debug/)" },
  // Silences are what people change there.
  alertmanager: {
    target: "alertmanager:http",
    reads: "(?!-/|debug/)",
    writes: { methods: ["POST", "DELETE"], paths: "api/v2/(silences$|silence/[0-9a-f-]{36}$)" },
  },
  // Its page finds its parts by the one address that it is given.
  jaeger: {
    target: "jaeger:ui",
    more: [
      'proxy_set_header Accept-Encoding "";',
      "sub_filter_once on;",
      `sub_filter '<base href="/"' '<base href="${OPS}/jaeger/"';`,
    ],
  },
  // It has reading paths that flush or stop it.
  loki: { target: "loki:http", reads: "(loki/api/v1/|ready$)" },
  // It is told who the person is and what the person may do; its data sources ask by POST.
  grafana: {
    target: "grafana:http",
    writes: { methods: ["POST", "PUT", "PATCH", "DELETE"], paths: "api/" },
    more: ["proxy_set_header X-WEBAUTH-USER $operator;", "proxy_set_header X-WEBAUTH-ROLE Editor;"],
  },
} as const satisfies Record<OpsPage, Page>;

export const linksOf = (pages: readonly OpsPage[]): ServicePort[] => pages.map((name) => OPS_PAGES[name].target);

/** What stands beside the servers: each program by its name, looked up as pods come and go. */
export function opsUpstreams(pages: readonly OpsPage[], fullName: (target: ServicePort) => string): string {
  return pages
    .map(
      (name) =>
        `upstream ${name} {\n    zone ${name} 64k;\n    server ${fullName(OPS_PAGES[name].target)} resolve;\n  }`,
    )
    .join("\n  ");
}

/** Of the responder, which serves pages and answers whether a request to the others may go on. */
export const RESPONDER_UPSTREAM = `upstream responder {
    server ${address("responder:http")};
  }`;

/** What every request to the responder has: the caller's own headers, among them the cookie, and where it came in. */
const TO_RESPONDER = `proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header traceparent $traceparent;
      proxy_set_header tracestate "";`;

/** Pages of the responder: incidents, and the sign-in. Its webhook is not among them. */
const OWN_PAGES = `location ~ ^/(incidents|ops)(/|$) {
      limit_req zone=clients burst=20 nodelay;
      proxy_pass http://responder;
      ${TO_RESPONDER}
    }`;

/**
 * The question, and the answer to who may not: the responder gives it, to a browser by leading it to the sign-in. While the
 * responder does not answer, the request is refused in the same way; nginx by itself would answer 500.
 */
const QUESTION = `location = /-/operator {
      internal;
      proxy_pass http://responder/ops/check;
      proxy_pass_request_body off;
      ${TO_RESPONDER}
      proxy_set_header Content-Length "";
      proxy_set_header X-Asked-Method $request_method;
      proxy_intercept_errors on;
      error_page 500 502 503 504 = @unanswered;
    }
    location @unanswered {
      return 403;
    }
    error_page 401 403 = @refused;
    location @refused {
      proxy_pass http://responder$request_uri;
      proxy_pass_request_body off;
      ${TO_RESPONDER}
      proxy_set_header Content-Length "";
    }`;

/** Locations of the responder's pages and of the programs behind its sign-in. */
export function opsLocations(pages: readonly OpsPage[]): string {
  return [...pages.flatMap((name) => locationsOf(name, OPS_PAGES[name])), OWN_PAGES, QUESTION].join("\n    ");
}

/** nginx takes the first that fits: what may be changed before what may be read. */
function locationsOf(name: OpsPage, { reads = "", writes, more = [] }: Page): string[] {
  const reading = location(name, reads, ["GET"], more);
  return writes ? [location(name, writes.paths, ["GET", ...writes.methods], more), reading] : [reading];
}

/**
 * The program gets neither cookie nor token and sets no cookie. Scripts of its pages connect to itself alone: from our origin
 * they could else ask the front end for the session's access token. What they open is cut off from them.
 */
function location(name: OpsPage, paths: string, methods: readonly string[], more: readonly string[]): string {
  const own = `https://$http_host${OPS}/${name}/`;
  const policy = [
    `connect-src ${own}`,
    `frame-src ${own}`,
    `worker-src ${own} blob:`,
    `form-action ${own}`,
    "object-src 'none'",
    "base-uri 'self'",
    "frame-ancestors 'self'",
  ];
  const lines = [
    `limit_except ${methods.join(" ")} { deny all; }`,
    "limit_req zone=clients burst={{burst}} nodelay;",
    "auth_request /-/operator;",
    // Where @refused fails too, the gateway answers by a problem document.
    "recursive_error_pages on;",
    "auth_request_set $operator $upstream_http_x_operator;",
    `rewrite ^${OPS}/${name}/(.*)$ /$1 break;`,
    `proxy_pass http://${name};`,
    `proxy_redirect ${OPS}/ ${OPS}/;`,
    `proxy_redirect / ${OPS}/${name}/;`,
    'proxy_set_header Connection "";',
    "proxy_set_header Host $http_host;",
    'proxy_set_header Authorization "";',
    'proxy_set_header Cookie "";',
    "proxy_set_header X-Forwarded-Proto https;",
    "proxy_set_header X-Request-Id $request_id;",
    ...more,
    "proxy_hide_header Set-Cookie;",
    "proxy_read_timeout 60s;",
    "add_header X-Request-Id $request_id always;",
    "add_header X-Content-Type-Options nosniff always;",
    'add_header Strict-Transport-Security "max-age=31536000" always;',
    "add_header Cross-Origin-Opener-Policy same-origin always;",
    `add_header Content-Security-Policy "${policy.join("; ")}" always;`,
  ];
  return [`location ~ "^${OPS}/${name}/${paths}" {`, ...lines.map((line) => `  ${line}`), "}"].join("\n    ");
}
