/**
 * The server of the image: Next.js' own (`server.js`), and before it the scripts and styles as the build compressed them
 * with Brotli, which are a seventh smaller than what Next.js compresses at each request.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import http, { type RequestListener } from "node:http";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const STATIC = join(import.meta.dirname, ".next/static");
const PREFIX = "/_next/static/";
const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** `node serve.ts compress`, in the build: one file beside each script and style. */
export function compress(folder = STATIC): number {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => typeOf(file));
  for (const file of files)
    writeFileSync(join(folder, `${file}.br`), brotliCompressSync(readFileSync(join(folder, file))));
  return files.length;
}

/** Answers what was compressed, and leaves everything else to `next`. The files are read once: they never change. */
export function compressedFirst(next: RequestListener, folder = STATIC): RequestListener {
  const known = new Map<string, Buffer>();
  for (const name of existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [])
    if (name.endsWith(".br")) known.set(PREFIX + name.slice(0, -3), readFileSync(join(folder, name)));
  return (req, res) => {
    const path = decoded((req.url ?? "").split("?")[0] as string);
    const body = known.get(path);
    if (!body || req.method !== "GET" || !/\bbr\b/.test(String(req.headers["accept-encoding"]))) return next(req, res);
    res.writeHead(200, {
      "cache-control": "public, max-age=31536000, immutable",
      "content-encoding": "br",
      "content-length": body.length,
      "content-type": typeOf(path),
      vary: "Accept-Encoding",
    });
    res.end(body);
  };
}

/** Chunks of pages with parameters have brackets in their names. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function typeOf(file: string): string | undefined {
  return TYPES[file.slice(file.lastIndexOf(".") + 1)];
}

async function start(): Promise<void> {
  const create = http.createServer as (options: object, listener: RequestListener) => http.Server;
  // The one server that Next.js makes.
  http.createServer = ((...given: [object, RequestListener] | [RequestListener]) => {
    const listener = given.at(-1) as RequestListener;
    return create(given.length === 2 ? given[0] : {}, compressedFirst(listener));
  }) as typeof http.createServer;
  const server = "./server.js";
  await import(server);
}

if (import.meta.main) {
  if (process.argv[2] === "compress") console.log(`${compress()} files compressed`);
  else await start();
}
