import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { compress, compressedFirst } from "../serve.ts";

const folder = mkdtempSync(join(tmpdir(), "media-web-"));
const SCRIPT = "console.log('é');".repeat(100);
let server: Server;

beforeAll(async () => {
  mkdirSync(join(folder, "chunks/[id]"), { recursive: true });
  writeFileSync(join(folder, "chunks/a.js"), SCRIPT);
  writeFileSync(join(folder, "chunks/[id]/b.css"), "p{}");
  writeFileSync(join(folder, "chunks/map.json"), "{}");
  expect(compress(folder)).toBe(2);
  server = createServer(compressedFirst((_req, res) => res.end("next"), folder));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);

test("a script goes out as it was compressed, marked as unchanging", async () => {
  const answer = await get("/_next/static/chunks/a.js?x=1", { headers: { "accept-encoding": "gzip, br" } });
  expect(await answer.text()).toBe(SCRIPT);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "cache-control": "public, max-age=31536000, immutable",
    "content-encoding": "br",
    "content-type": "text/javascript; charset=utf-8",
    vary: "Accept-Encoding",
  });
  const style = await get("/_next/static/chunks/%5Bid%5D/b.css", { headers: { "accept-encoding": "br" } });
  expect(style.headers.get("content-type")).toContain("text/css");
});

const BROTLI = { headers: { "accept-encoding": "br" } };

test.each([
  ["a client that cannot read it", "/_next/static/chunks/a.js", { headers: { "accept-encoding": "gzip" } }],
  ["a file that is not there", "/_next/static/chunks/c.js", BROTLI],
  ["a path out of the folder", "/_next/static/%2e%2e/serve.ts", BROTLI],
  ["a page", "/", BROTLI],
  ["another method", "/_next/static/chunks/a.js", { ...BROTLI, method: "POST" }],
  ["a path that cannot be decoded", "/_next/static/%E0%A4%A", BROTLI],
])("%s is left to Next.js", async (_name, path, init: RequestInit) => {
  expect(await (await get(path, init)).text()).toBe("next");
});
