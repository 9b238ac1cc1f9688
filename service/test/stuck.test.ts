import { setTimeout as sleep } from "node:timers/promises";
import { call } from "./calls.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";

const PRELOAD = new URL("./stuck-fetch.ts", import.meta.url).href;
const QUEUES = ["deliver-request", "follow-download", "give-up-request"];

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
  await platform.api();
});
afterAll(() => platform?.stop());

/** A real worker whose polls of that queue never come back, a minute later. */
async function aMinuteOf(queue: string): Promise<() => Promise<object>> {
  const worker = platform.spawn("worker", { NODE_OPTIONS: `--import=${PRELOAD}`, STUCK_QUEUE: queue });
  const { adminPort } = await worker.logged("started");
  const alive = async () => {
    const { status, body } = await call(Number(adminPort), "/livez");
    return { status, body };
  };
  await sleep(1_500);
  expect(await alive()).toMatchObject({ status: 200 });
  worker.child.kill("SIGUSR2");
  // Time for every other loop to poll again.
  await sleep(3_000);
  return alive;
}

test.each(QUEUES)("a loop of %s that is stuck is not hidden by the others", async (queue) => {
  const alive = await aMinuteOf(queue);
  const reason = expect.stringMatching(new RegExp(`^no poll of the queue ${queue} came back for 6\\d s$`));
  expect(await alive()).toEqual({ status: 503, body: { status: "stuck", reason } });
});

test("the control: with no loop stuck the same worker lives", async () => {
  const alive = await aMinuteOf("none");
  await eventually(async () => expect(await alive()).toMatchObject({ status: 200 }));
});
