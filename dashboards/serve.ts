import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { dashboards } from "./boards/index.ts";

export interface Stack {
  prometheusUrl: string;
  lokiUrl: string;
  jaegerUrl: string;
  /** Prometheus of another stack, to compare with. @default none */
  otherPrometheusUrl?: string | undefined;
}

/** The page's program as one file. */
export async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL("./page/main.ts", import.meta.url));
  const options = {
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
  } as const;
  const { outputFiles } = await build({ ...options, entryPoints: [entry] });
  return outputFiles[0]?.text ?? "";
}

const HTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Dashboards</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"></head>
<body><header><h1 id="title">Dashboards</h1><span id="pickers"></span><span id="marks"></span>
<label>Time <select id="range"></select></label><label><input type="checkbox" id="refresh" checked> refresh</label><output id="state"></output></header><nav id="boards"></nav>
<main id="board"></main><dialog id="trace"></dialog><script type="module" src="/page.js"></script></body></html>`;

const CSS = `body{margin:0;background:#f4f5f5;color:#3a4150;font:13px "DejaVu Sans",Verdana,sans-serif}
header{display:flex;gap:1.2em;align-items:center;padding:4px 8px;height:36px}h1{font-size:18px;margin:0}#pickers{display:flex;gap:1em}#marks{flex:1;color:#69707d;font-size:11px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
nav{display:flex;flex-wrap:wrap;gap:2px 1em;padding:0 8px 4px}
nav a[aria-current]{font-weight:bold}main{position:relative}section{position:absolute;background:#fff;border:1px solid #e0e2e6;border-radius:4px;box-sizing:border-box;overflow:hidden}
section h3{font-size:12px;margin:6px 10px 0;height:20px;cursor:help}h2{position:absolute;font-size:14px;margin:0}
dialog{width:min(1000px,90vw);max-height:80vh}td{padding:1px 6px;white-space:nowrap}.bar{height:10px;background:#1c6dd0;min-width:1px}.error{background:#c92a2a}`;

/** What of each data source the page may ask: reading only. */
const PROXIED: readonly [prefix: string, source: keyof Stack, allowed: RegExp][] = [
  ["/prometheus", "prometheusUrl", /^\/api\/v1\/(query|query_range|query_exemplars|label\/\w+\/values)$/],
  ["/other", "otherPrometheusUrl", /^\/api\/v1\/(query|query_range)$/],
  ["/loki", "lokiUrl", /^\/loki\/api\/v1\/query_range$/],
  ["/jaeger", "jaegerUrl", /^\/api\/traces\/[0-9a-f]{1,32}$/],
];

/** What a data source that is not there answers. */
const NOTHING = JSON.stringify({ status: "success", data: { result: [] } });

/** Serves the page on the loopback address until `stop`. The page asks the stack through this server, so that nothing else must be opened. */
export async function serve(stack: Stack, port = 0): Promise<{ url: string; stop(): void }> {
  const script = await bundle();
  const files: Record<string, [type: string, body: string]> = {
    "/": ["text/html; charset=utf-8", HTML],
    "/page.css": ["text/css", CSS],
    "/page.js": ["text/javascript", script],
    "/boards.json": ["application/json", JSON.stringify(dashboards())],
  };
  const server = createServer((req, res) => {
    answer(req, res, files, stack).catch((error: Error) => send(req, res, 502, "text/plain", error.message));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  files: Record<string, [string, string]>,
  stack: Stack,
) {
  const url = new URL(req.url ?? "/", "http://127.0.0.1");
  // A foreign name that leads to the loopback address must not read the stack.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(req.headers.host ?? ""))
    return send(req, res, 403, "text/plain", "ask 127.0.0.1");
  if (req.method !== "GET") return send(req, res, 405, "text/plain", "only GET");
  const file = files[url.pathname];
  if (file) return send(req, res, 200, file[0], file[1]);
  for (const [prefix, source, allowed] of PROXIED) {
    const path = url.pathname.slice(prefix.length);
    if (!url.pathname.startsWith(`${prefix}/`) || !allowed.test(path)) continue;
    const base = stack[source];
    if (base === undefined) return send(req, res, 200, "application/json", NOTHING);
    const found = await fetch(`${base}${path}${url.search}`, { signal: AbortSignal.timeout(20_000) });
    return send(req, res, found.status, found.headers.get("content-type") ?? "text/plain", await found.text());
  }
  return send(req, res, 404, "text/plain", "not found");
}

function send(req: IncomingMessage, res: ServerResponse, status: number, type: string, body: string): void {
  const zipped = /\bgzip\b/.test(req.headers["accept-encoding"] ?? "");
  const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";
  res.writeHead(status, {
    "content-type": type,
    "content-security-policy": policy,
    "cache-control": "no-store",
    ...(zipped ? { "content-encoding": "gzip" } : {}),
  });
  res.end(zipped ? gzipSync(body, { level: constants.Z_BEST_SPEED + 5 }) : body);
}
