import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Redis } from "ioredis";
import { Batching } from "./redis.ts";

/** Answers every command with OK. */
let server: Server;
let url: string;
const sockets = new Set<Socket>();

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (bytes) => {
      for (const _ of bytes.toString().matchAll(/^\*\d+\r$/gm)) socket.write("+OK\r\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** System calls that `commands` commands of one turn take: buffers that are written while corked leave as one. */
async function writesOf(redis: Redis, commands: number): Promise<number> {
  if (redis.status !== "ready") await once(redis, "ready");
  const { stream } = redis;
  let writes = 0;
  const { _write, _writev } = stream;
  stream._write = (...args) => {
    writes += 1;
    _write?.call(stream, ...args);
  };
  stream._writev = (...args) => {
    writes += 1;
    _writev?.call(stream, ...args);
  };
  const answers = Promise.all(Array.from({ length: commands }, (_, n) => redis.set(`key ${n}`, "value")));
  expect(await answers.finally(() => redis.disconnect())).toEqual(Array(commands).fill("OK"));
  return writes;
}

/** Batching overrides a method of ioredis (sendCommand): this fails when a new release does not call it any more. */
test("the commands of one turn of the event loop leave in one write", async () => {
  expect(await writesOf(new Batching(url, { enableReadyCheck: false }), 20)).toBe(1);
});

test("the control: ioredis itself writes each of them", async () => {
  expect(await writesOf(new Redis(url, { enableReadyCheck: false }), 20)).toBeGreaterThan(5);
});
