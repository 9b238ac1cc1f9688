import { BACKGROUND_FAILURES_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { metric, post } from "./calls.ts";
import { eventually, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let worker: Running;
const ofApi = readableLog("api");
const ofWorker = readableLog("worker");

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({}, { log: ofApi.log });
  worker = await platform.worker({}, { log: ofWorker.log });
  // Something that a sweep looks at.
  await eventually(async () =>
    expect((await post(api.httpPort, { mediaType: "movie", tmdbId: 603 })).status).toBe(201),
  );
});
afterAll(() => platform?.stop());

const failures = ({ adminPort }: Running, task: string) =>
  metric(adminPort, `${BACKGROUND_FAILURES_TOTAL}{task="${task}"}`);
const said = ({ lines }: typeof ofApi, message: string) =>
  lines.filter(({ msg }) => msg === message).map(({ level }) => level);

test("without the state Redis the failures of background tasks are counted, and logged once", async () => {
  for (const [process, task] of [
    [worker, "sweep"],
    [api, "feed"],
  ] as const)
    expect(await failures(process, task)).toBe(0);
  await platform.servers.kill("state");
  await eventually(async () => expect(await failures(worker, "sweep")).toBeGreaterThan(1), 30_000);
  await eventually(async () => expect(await failures(api, "feed")).toBeGreaterThan(1));
  expect(said(ofWorker, "missing updates cannot be published")).toEqual(["warn"]);
  expect(said(ofApi, "the updates cannot be read")).toEqual(["warn"]);
  expect(said(ofApi, "the updates can be read again")).toEqual([]);
  await platform.servers.restart("state");
  await eventually(() => expect(said(ofWorker, "missing updates can be published")).toEqual(["info"]), 30_000);
  await eventually(() => expect(said(ofApi, "the updates can be read again")).toEqual(["info"]));
}, 90_000);

test("and so it is without the database", async () => {
  expect(await failures(worker, "queue-watch")).toBe(0);
  await platform.servers.kill("pgbouncer");
  await eventually(async () => expect(await failures(worker, "queue-watch")).toBeGreaterThan(1), 30_000);
  expect(said(ofWorker, "the queues cannot be looked at")).toEqual(["warn"]);
  await platform.servers.restart("pgbouncer");
  await eventually(() => expect(said(ofWorker, "the queues can be looked at again")).toEqual(["info"]), 30_000);
}, 90_000);
