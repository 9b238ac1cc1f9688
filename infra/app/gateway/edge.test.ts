import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Edge, startEdge } from "./edge.fixtures.ts";

let edge: Edge;
let answer: { status: number; headers: Record<string, string> };
let seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];

const PUBLIC = "public, max-age=1, s-maxage=1, stale-while-revalidate=1, stale-if-error=86400";
const catalogue = "/api/v1/discover?mediaType=movie";

beforeAll(async () => {
  edge = await startEdge((req, res) => {
    seen.push({ url: req.url, headers: req.headers });
    setTimeout(() => res.writeHead(answer.status, answer.headers).end(`answer ${seen.length}`), 50);
  });
});
afterAll(() => edge.stop());
beforeEach(() => {
  seen = [];
  answer = { status: 200, headers: { "cache-control": PUBLIC, "content-type": "application/json" } };
});

test("an answer that is the same for all callers is fetched once, without a token, and is marked as cached", async () => {
  const path = `${catalogue}&page=1`;
  const first = await get(path, { authorization: "Bearer ann" });
  const second = await get(path, { authorization: "Bearer ben" });
  expect([first.cache, second.cache, seen.length]).toEqual(["MISS", "HIT", 1]);
  expect(second.text).toBe(first.text);
  expect(seen[0]?.headers.authorization).toBeUndefined();
  expect(second.id).not.toBe(first.id);
  expect((await get(`${catalogue}&page=2`)).cache).toBe("MISS");
});

test("many who miss at once are one request", async () => {
  const path = "/api/v1/titles/movie/603/trailers";
  await Promise.all(Array.from({ length: 20 }, () => get(path)));
  expect(seen).toHaveLength(1);
});

test("what is one person's is never kept, whatever its answer claims; its token goes through", async () => {
  for (const path of [
    "/api/v1/requests",
    "/api/v1/requests/7",
    "/api/v1/library",
    "/api/v1/admin/users",
    "/problems/x",
  ]) {
    const answers = [
      await get(path, { authorization: "Bearer ann" }),
      await get(path, { authorization: "Bearer ben" }),
    ];
    expect(answers.map(({ cache }) => cache)).toEqual([null, null]);
  }
  expect(seen).toHaveLength(10);
  expect(seen[1]?.headers.authorization).toBe("Bearer ben");
});

test.each(["private, no-cache", "no-store", "private, max-age=60"])(
  "nor is a catalogue's answer that says %s",
  async (words) => {
    answer.headers["cache-control"] = words;
    const path = `${catalogue}&page=3&words=${words.length}`;
    expect([(await get(path)).cache, (await get(path)).cache]).toEqual(["MISS", "MISS"]);
    expect(seen).toHaveLength(2);
  },
);

test("past its time an entry answers while it is fetched anew, and for as long as the service is broken", async () => {
  const path = `${catalogue}&page=4`;
  const { text } = await get(path);
  await sleep(1_300);
  answer.status = 503;
  answer.headers["cache-control"] = "no-store";
  await get(path);
  await sleep(1_500);
  expect(await get(path)).toMatchObject({ status: 200, text });
  // The control: what was never kept is the service's error.
  expect((await get(`${catalogue}&page=5`)).status).toBe(503);
});

test("an entry can be replaced from inside the pod, and from nowhere else", async () => {
  const path = `${catalogue}&page=6`;
  await get(path);
  const purged = await fetch(`http://127.0.0.1:${edge.statusPort}/purge${path}`);
  expect([purged.status, purged.headers.get("x-cache-status"), seen.length]).toEqual([200, "BYPASS", 2]);
  expect(await get(path)).toMatchObject({ cache: "HIT", text: "answer 2" });
  // From outside the path is one of the front end's.
  expect(await get(`/purge${path}`)).toMatchObject({ text: "a page", cache: null });
  expect(await get(path)).toMatchObject({ cache: "HIT", text: "answer 2" });
  expect((await fetch(`http://127.0.0.1:${edge.statusPort}/purge/api/v1/requests`)).status).toBe(404);
});

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await edge.call(path, { headers });
  const { status } = response;
  const [cache, id] = [response.headers.get("x-cache-status"), response.headers.get("x-request-id")];
  return { status, text: await response.text(), cache, id };
}
