import { setTimeout as sleep } from "node:timers/promises";
import { SOCKET_PATH } from "../src/domain/published-events.ts";
import { RATE_LIMIT_DECISIONS_TOTAL, SOCKET_REFUSALS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { FRAMES_PER_SECOND } from "../src/realtime/frame-limit.ts";
import { metric } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, startPlatform } from "./platform.ts";
import { client, closeClients } from "./sockets.ts";

let platform: Platform;
let api: Running;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  // None is accepted before the stream of updates was read.
  await client(api.httpPort, DEV_TOKEN).ready();
  closeClients();
});
afterAll(() => platform?.stop());

/** A connection below Socket.IO's client, which would not send what these tests do. */
async function raw() {
  const socket = new WebSocket(`ws://127.0.0.1:${api.httpPort}${SOCKET_PATH}/?EIO=4&transport=websocket`);
  const received: string[] = [];
  socket.addEventListener("message", ({ data }) => received.push(String(data)));
  const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const isClosed = (withinMs: number) =>
    Promise.race([closed.then(() => true), sleep(withinMs, false, { ref: false })]);
  return { socket, received, isClosed };
}

const connect = (token: string) => `40${JSON.stringify({ token })}`;
const forged = connect(`${"a".repeat(40)}.${"b".repeat(40)}.${"c".repeat(42)}A`);
const answers = (received: string[]) => received.filter((packet) => packet.startsWith("4"));
const cuts = () => metric(api.adminPort, `${SOCKET_REFUSALS_TOTAL}{code="rate-limited"}`);
const counted = () => metric(api.adminPort, `${RATE_LIMIT_DECISIONS_TOTAL}{decision="allowed",store="redis"}`);

test("3,000 CONNECTs on one connection cost one look-up at most, and the connection is cut", async () => {
  const [before, cutBefore] = [await counted(), await cuts()];
  const { socket, received, isClosed } = await raw();
  for (let n = 0; n < 3_000; n++) socket.send(forged);
  expect(await isClosed(5_000)).toBe(true);
  expect(answers(received).length).toBeLessThanOrEqual(1);
  await sleep(500);
  expect((await counted()) - before).toBeLessThanOrEqual(1);
  expect((await cuts()) - cutBefore).toBe(1);
});

test("a refused CONNECT is answered, and ends its connection", async () => {
  const { socket, received, isClosed } = await raw();
  socket.send(forged);
  expect(await isClosed(5_000)).toBe(true);
  expect(answers(received)).toEqual([expect.stringMatching(/^44.*"unauthenticated"/)]);
});

test("a second CONNECT cuts the connection, also where the first was accepted", async () => {
  const { socket, received, isClosed } = await raw();
  socket.send(connect(DEV_TOKEN));
  await eventually(() => expect(answers(received)).toContainEqual(expect.stringContaining('"ready"')));
  socket.send(connect(DEV_TOKEN));
  expect(await isClosed(5_000)).toBe(true);
});

test.each([
  ["of a connection that is signed in", DEV_TOKEN, "3"],
  ["that ask for another namespace", undefined, "40/other,{}"],
])("too many frames %s cut it", async (_what, token, frame) => {
  const { socket, isClosed, received } = await raw();
  if (token) {
    socket.send(connect(token));
    await eventually(() => expect(answers(received)).toContainEqual(expect.stringContaining('"ready"')));
  }
  for (let n = 0; n < 10 * FRAMES_PER_SECOND; n++) socket.send(frame);
  expect(await isClosed(5_000)).toBe(true);
  expect(answers(received).length).toBeLessThan(5 * FRAMES_PER_SECOND);
});

test("the control: what Socket.IO's client sends is never cut, nor are as many frames in a longer time", async () => {
  const before = await cuts();
  const stock = client(api.httpPort, DEV_TOKEN);
  await stock.ready();
  const { socket, received, isClosed } = await raw();
  socket.send(connect(DEV_TOKEN));
  await eventually(() => expect(answers(received)).toContainEqual(expect.stringContaining('"ready"')));
  for (let n = 0; n < 2 * FRAMES_PER_SECOND; n++) {
    socket.send("3");
    await sleep(3_000 / FRAMES_PER_SECOND);
  }
  expect(await isClosed(100)).toBe(false);
  expect(stock.dropped).toEqual([]);
  expect((await cuts()) - before).toBe(0);
  socket.close();
  closeClients();
}, 60_000);
