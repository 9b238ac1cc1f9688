import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { CATALOGUE } from "@media/service/problems";
import { type Edge, startEdge } from "./edge.fixtures.ts";

/** What nginx says by itself, and what it makes of a caller's trace, on a users' stack. */
const stacks: Record<"users" | "ours", Edge> = { users: undefined as never, ours: undefined as never };
let last: IncomingMessage | undefined;
/** How many more requests of /api/once are broken off. */
let broken = 0;

beforeAll(async () => {
  const serve: Parameters<typeof startEdge>[0] = (req, res) => {
    last = req;
    if (req.url === "/api/broken") res.destroy();
    else if (req.url === "/api/once" && broken-- > 0) res.destroy();
    else if (req.url !== "/api/silent") res.end("answer");
  };
  stacks.users = await startEdge(serve, { devToken: false, rateLimitPerSecond: 2 });
  stacks.ours = await startEdge(serve, { devToken: true });
});
afterAll(() => Promise.all(Object.values(stacks).map((edge) => edge.stop())));

async function problem(path: string, init?: RequestInit, edge = stacks.ours) {
  const answer = await edge.call(path, init);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const body = JSON.parse(await answer.text());
  expect(body).toMatchObject({ status: answer.status, requestId: answer.headers.get("x-request-id") });
  return { ...body, retryAfter: answer.headers.get("retry-after") };
}

function kind(code: keyof typeof CATALOGUE) {
  const { title, remedy: hint, status } = CATALOGUE[code];
  return { type: `/problems/${code}`, code, title, hint, status };
}

test("an error that the service has too is of the service's type", async () => {
  // An address of the gateway's own, which is for itself alone.
  expect(await problem("/-/problems/500")).toMatchObject(kind("not-found"));
  const body = "x".repeat(1_100_000);
  expect(await problem("/api/v1/requests", { method: "POST", body })).toMatchObject(kind("body-too-large"));
});

test("a caller over the limit is told so, and when to try again", async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => stacks.users.call("/api/any")));
  expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]));
  expect(await problem("/api/any", {}, stacks.users)).toMatchObject({ ...kind("rate-limited"), retryAfter: "1" });
});

test.each([
  ["gives no valid answer", "/api/broken", "service-bad-answer"],
  ["does not answer in time", "/api/silent", "service-timeout"],
] as const)("a service that %s: what the caller can do", async (_what, path, code) => {
  expect(await problem(path)).toMatchObject({
    ...kind(code),
    hint: expect.stringContaining("`Retry-After`"),
    retryAfter: "1",
  });
});

test("a read whose pod breaks off is asked again; a POST that has reached a pod is not", async () => {
  broken = 1;
  expect((await stacks.ours.call("/api/once")).status).toBe(200);
  broken = 1;
  expect((await stacks.ours.call("/api/once", { method: "POST", body: "{}" })).status).toBe(502);
  // The control: two pods that break off are one too many.
  broken = 2;
  expect((await stacks.ours.call("/api/once")).status).toBe(502);
});

test("a pod that fails again and again gets nothing for a while, and then is tried again", async () => {
  const asked = [0, 0];
  let isBroken = true;
  const edge = await startEdge((_req, res, pod) => {
    asked[pod] = (asked[pod] ?? 0) + 1;
    if (pod === 0 && isBroken) res.destroy();
    else res.end("answer");
  });
  for (let n = 0; n < 40; n++) expect((await edge.call("/api/any")).status).toBe(200);
  expect(asked[0]).toBeGreaterThanOrEqual(3);
  // At most one more, where the calls took longer than it is left alone.
  expect(asked[0]).toBeLessThanOrEqual(8);
  isBroken = false;
  const before = asked[0] ?? 0;
  await sleep(4_000);
  for (let n = 0; n < 10; n++) await edge.call("/api/any");
  expect(asked[0]).toBeGreaterThan(before);
  await edge.stop();
});

test("JSON is compressed for those who read it, but never beside a token", async () => {
  const edge = await startEdge((_req, res) =>
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ text: "again ".repeat(500) })),
  );
  const encodingOf = async (path: string, accepted: string) =>
    (await edge.call(path, { headers: { "accept-encoding": accepted } })).headers.get("content-encoding");
  expect(await encodingOf("/api/v1/requests", "gzip")).toBe("gzip");
  expect(await encodingOf("/api/v1/requests", "identity")).toBeNull();
  expect(await encodingOf("/api/v1/auth/login", "gzip")).toBeNull();
  await edge.stop();
});

test("a gateway that is told to quit finishes what is in flight, and takes no more", async () => {
  const edge = await startEdge((req, res) => req.resume().on("end", () => res.end("whole")));
  const slow = new ReadableStream({
    async start(controller) {
      for (let n = 0; n < 5; n++) {
        controller.enqueue(new TextEncoder().encode("part "));
        await sleep(300);
      }
      controller.close();
    },
  });
  const answer = edge.call("/api/slow", { method: "POST", body: slow, duplex: "half" } as RequestInit);
  await sleep(400);
  edge.quit();
  await sleep(400);
  await expect(edge.call("/api/any", { headers: { connection: "close" } })).rejects.toThrow("fetch failed");
  expect(await (await answer).text()).toBe("whole");
  await edge.stop();
});

test("a path that is too long", async () => {
  expect(await problem(`/api/${"x".repeat(40_000)}`)).toMatchObject(kind("uri-too-long"));
});

/** The traceparent that the service gets from a caller's. */
async function passedOn(edge: Edge, traceparent: string): Promise<string> {
  await edge.call("/api/any", { headers: { traceparent, tracestate: "of=theirs" } });
  expect(last?.headers.tracestate).toBeUndefined();
  return String(last?.headers.traceparent);
}

const IDS = "0123456789abcdef0123456789abcdef-0123456789abcdef";

test("a caller's trace goes on under its ids; that it is kept the caller decides on our own stacks only", async () => {
  // Room for two calls within the limit that the test above has used up.
  await sleep(3_000);
  expect(await passedOn(stacks.ours, `00-${IDS}-01`)).toBe(`00-${IDS}-01`);
  expect(await passedOn(stacks.ours, `00-${IDS}-00`)).toBe(`00-${IDS}-00`);
  expect(await passedOn(stacks.users, `00-${IDS}-01`)).toBe(`00-${IDS}-00`);
});

test.each([
  `00-${"0".repeat(32)}-0123456789abcdef-01`,
  `00-0123456789abcdef0123456789abcdef-${"0".repeat(16)}-01`,
  `01-${IDS}-01`,
  `00-${IDS.toUpperCase()}-01`,
  "nonsense",
])("what is no trace begins one: %s", async (traceparent) => {
  const passed = await passedOn(stacks.ours, traceparent);
  expect(passed).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(passed).not.toContain("0123456789abcdef");
});
