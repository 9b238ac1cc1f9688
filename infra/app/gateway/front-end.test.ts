import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Edge, startEdge } from "./edge.fixtures.ts";

/** What the gateway sends to the front end, and what it keeps of it. */
let edge: Edge;
let asked: { url: string; headers: IncomingMessage["headers"] }[] = [];
let status = 200;

const IMMUTABLE = "public, max-age=31536000, immutable";

beforeAll(async () => {
  edge = await startEdge(
    (_req, res) => res.end("the service"),
    {},
    (req, res) => {
      asked.push({ url: req.url ?? "", headers: req.headers });
      const isAsset = req.url?.startsWith("/_next/static/");
      res.writeHead(status, { "cache-control": isAsset && status === 200 ? IMMUTABLE : "private, no-store" });
      res.end(`page ${asked.length}`);
    },
  );
});
afterAll(() => edge.stop());
beforeEach(() => {
  asked = [];
  status = 200;
});

async function get(path: string, headers: Record<string, string> = {}) {
  const answer = await edge.call(path, { headers });
  const { status: code } = answer;
  return { code, text: await answer.text(), cache: answer.headers.get("x-cache-status"), headers: answer.headers };
}

test.each(["/", "/login", "/requests", "/titles/movie/603", "/session", "/apis", "/problem"])(
  "%s is the front end's, with the session's cookie, and is never kept",
  async (path) => {
    const answers = [await get(path, { cookie: "a=1" }), await get(path, { cookie: "a=1" })];
    expect(answers.map(({ text }) => text)).toEqual(["page 1", "page 2"]);
    expect(answers.map(({ cache }) => cache)).toEqual([null, null]);
    expect(asked[0]?.headers).toMatchObject({ cookie: "a=1", "x-forwarded-proto": "https" });
    expect(asked[0]?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-/);
  },
);

test.each(["/api/v1/requests", "/api/", "/problems/not-found", "/socket.io/?EIO=4"])(
  "the control: %s is the service's",
  async (path) => {
    expect((await get(path)).text).toBe("the service");
    expect(asked).toEqual([]);
  },
);

test("what is named by its content is fetched once for all, without cookies, and browsers keep it", async () => {
  const path = "/_next/static/chunks/0123abcd.js";
  const first = await get(path, { cookie: "a=1", authorization: "Bearer ann" });
  const second = await get(path, { cookie: "b=2" });
  expect([first.cache, second.cache, asked.length]).toEqual(["MISS", "HIT", 1]);
  expect(second.headers.get("cache-control")).toBe(IMMUTABLE);
  expect(asked[0]?.headers.cookie).toBeUndefined();
  expect(asked[0]?.headers.authorization).toBeUndefined();
});

test("an asset that is not there is not kept: the next pod may have it", async () => {
  const path = "/_next/static/chunks/of-the-next-version.js";
  status = 404;
  expect((await get(path)).code).toBe(404);
  status = 200;
  expect(await get(path)).toMatchObject({ code: 200, cache: "MISS" });
});
