import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { brotliCompressSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Edge, startEdge } from "./edge.fixtures.ts";

/** How the gateway sends: compressed or not, by connections that stay, and how fast. */
let edge: Edge | undefined;
afterEach(() => edge?.stop());

const TITLE = { mediaType: "movie", title: "The Matrix", year: 1999, overview: "A hacker learns what his world is." };
/** A page of results, as discover answers. */
const JSON_PAGE = JSON.stringify({ items: Array.from({ length: 40 }, (_, tmdbId) => ({ tmdbId, ...TITLE })) });

/** What arrives of an answer, as it was sent. */
async function sent(path: string, accepted: string) {
  const { request } = await import("node:http");
  return new Promise<{ encoding: string | undefined; bytes: number; vary: string | undefined }>((resolve, reject) => {
    const call = request({ port: edge?.port, path, headers: { "accept-encoding": accepted } }, (res) => {
      let bytes = 0;
      res.on("data", (part: Buffer) => {
        bytes += part.length;
      });
      res.on("end", () => resolve({ encoding: res.headers["content-encoding"], bytes, vary: res.headers.vary }));
    });
    call.on("error", reject).end();
  });
}

describe("compression, by what is sent", () => {
  const picture = randomBytes(20_000);
  const script = brotliCompressSync(Buffer.from("let a = 1;\n".repeat(500)));
  const start = (edit?: (text: string) => string) =>
    startEdge(
      ({ url = "" }, res) => {
        const short = url.includes("short");
        const type = url.startsWith("/problems/") ? "application/problem+json" : "application/json";
        const body = short ? "{}" : JSON_PAGE;
        res.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
      },
      {},
      ({ url = "" }, res) => {
        if (url.endsWith(".png")) res.writeHead(200, { "content-type": "image/png" }).end(picture);
        else res.writeHead(200, { "content-type": "application/javascript", "content-encoding": "br" }).end(script);
      },
      { ...(edit ? { edit } : {}) },
    );

  test("text is a tenth of its size; pictures, short answers and what is compressed already go as they are", async () => {
    edge = await start();
    const page = await sent("/api/v1/discover", "gzip, br");
    expect([page.encoding, page.vary]).toEqual(["gzip", "Accept-Encoding"]);
    expect(page.bytes).toBeLessThan(JSON_PAGE.length / 10);
    expect((await sent("/problems/not-found", "gzip")).encoding).toBe("gzip");
    expect(await sent("/api/v1/requests?short", "gzip")).toMatchObject({ encoding: undefined, bytes: 2 });
    expect(await sent("/a.png", "gzip, br")).toMatchObject({ encoding: undefined, bytes: picture.length });
    expect(await sent("/_next/static/a.js", "gzip, br")).toMatchObject({ encoding: "br", bytes: script.length });
  });

  test("negative control: without it the text is sent whole", async () => {
    edge = await start((text) => text.replace("gzip on;", "gzip off;"));
    expect(await sent("/api/v1/discover", "gzip, br")).toMatchObject({ encoding: undefined, bytes: JSON_PAGE.length });
  });
});

describe("connections to pods", () => {
  const CALLS = 40;
  /** How many connections the pods have seen after so many calls, one after the other. */
  async function connections(edit?: (text: string) => string): Promise<number> {
    const seen = new Set<Socket>();
    const serve = (req: { socket: Socket }, res: { end: (text: string) => void }) => {
      seen.add(req.socket);
      res.end("{}");
    };
    edge = await startEdge(serve, {}, undefined, { ...(edit ? { edit } : {}) });
    for (let n = 0; n < CALLS; n++) await (await edge.call(`/api/v1/requests?n=${n}`)).text();
    return seen.size;
  }

  test("stay open from one request to the next, one to each of the two pods", async () => {
    expect(await connections()).toBeLessThanOrEqual(2);
  });

  test("negative control: without keepalive each request opens one", async () => {
    const edit = (text: string) =>
      text.replace(/^\s*keepalive (32|16);$/gm, "").replace(/Connection ""/g, "Connection close");
    expect(await connections(edit)).toBe(CALLS);
  });
});

describe("bandwidth, by route", () => {
  const KIB = 400;
  const body = randomBytes(KIB * 1024);
  const start = (bandwidth: Parameters<typeof startEdge>[3]) => {
    let [answered, begun] = [0, 0];
    const serve = (_req: unknown, res: { end: (text: Buffer, done: () => void) => void }) => {
      begun = performance.now();
      res.end(body, () => {
        answered = performance.now() - begun;
      });
    };
    const web = (_req: unknown, res: { end: (text: Buffer) => void }) => res.end(body);
    return startEdge(serve, {}, web, bandwidth).then((made) => {
      edge = made;
      return { podSeconds: () => answered / 1000 };
    });
  };
  const seconds = async (path: string) => {
    const from = performance.now();
    const { byteLength } = await (await (edge as Edge).call(path)).arrayBuffer();
    expect(byteLength).toBe(body.length);
    return (performance.now() - from) / 1000;
  };

  test("an answer of a route that is held to a pace takes its time, another does not, and no pod waits", async () => {
    const { podSeconds } = await start({ bandwidth: { api: { kibPerSecond: 100, afterKib: 0 } } });
    expect(await seconds("/api/v1/requests")).toBeGreaterThan(2);
    expect(podSeconds()).toBeLessThan(1.5);
    expect(await seconds("/api/v1/discover")).toBeLessThan(1.5);
    expect(await seconds("/_next/static/a.js")).toBeLessThan(1.5);
  });

  test("what comes before the pace begins goes at once", async () => {
    await start({ bandwidth: { static: { kibPerSecond: 100, afterKib: KIB } } });
    expect(await seconds("/_next/static/a.js")).toBeLessThan(1.5);
  });

  test("negative control: nothing is held back where nothing is configured", async () => {
    await start({});
    expect(await seconds("/api/v1/requests")).toBeLessThan(1.5);
  });
});
