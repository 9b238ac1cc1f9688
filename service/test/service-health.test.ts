import { setTimeout as sleep } from "node:timers/promises";
import type { Running } from "../src/process/lifecycle.ts";
import { POLICIES } from "../src/resilience/policies.ts";
import { call, getAs, type Person, person } from "./calls.ts";
import { eventually, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let admin: Person;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  admin = await person(api.httpPort, "admin", "admin");
});
afterAll(() => platform?.stop());
afterEach(() => platform.knobs({}, "plex"));

const healthOf = async (name: string, token = admin.token) => {
  const { body } = await getAs(api.httpPort, token, "/api/v1/health/services");
  return body.items.find((item: { name: string }) => item.name === name);
};
let limit = 0;
/** Never the same twice: what was answered before is kept. */
const library = () => call(api.httpPort, `/api/v1/library?limit=${++limit}`);

test("before it was asked a service is unknown; all four are there", async () => {
  const { body } = await getAs(api.httpPort, admin.token, "/api/v1/health/services");
  expect(body.items.map(({ name }: { name: string }) => name)).toEqual(["tmdb", "plex", "youtube", "overseerr"]);
  expect(await healthOf("youtube")).toEqual({
    name: "youtube",
    status: "unknown",
    circuit: "closed",
    lastSuccessAt: null,
    lastErrorAt: null,
    lastError: null,
  });
});

test("up, degraded by nonsense, down when its circuit opens, up again", async () => {
  await library();
  const well = await healthOf("plex");
  expect(well).toMatchObject({ status: "up", circuit: "closed", lastErrorAt: null });
  expect(Math.abs(Date.parse(well.lastSuccessAt) - Date.now())).toBeLessThan(5_000);

  await platform.knobs({ garbage: true }, "plex");
  await library();
  expect(await healthOf("plex")).toMatchObject({ status: "degraded", lastError: "upstream-bad-response" });

  await platform.knobs({ errorRate: 1 }, "plex");
  for (let n = 0; n < POLICIES.plex.breaker.failures; n++) await library();
  const broken = await healthOf("plex");
  expect(broken).toMatchObject({ status: "down", circuit: "open", lastError: "upstream-unavailable" });
  // What is refused here tells nothing new of the service.
  expect((await library()).body.code).toBe("circuit-open");
  expect(await healthOf("plex")).toEqual(broken);
  // The control: the others are not drawn in.
  expect(await healthOf("youtube")).toMatchObject({ status: "unknown" });

  await platform.knobs({}, "plex");
  await sleep(POLICIES.plex.breaker.openMs); // there are no more than a hundred limits to ask with
  await eventually(async () => expect((await library()).status).toBe(200));
  expect(await healthOf("plex")).toMatchObject({ status: "up", circuit: "closed", lastErrorAt: broken.lastErrorAt });
}, 30_000);

test("a user learns the status and nothing else; a visitor nothing", async () => {
  const { token } = await person(api.httpPort, "user");
  expect(await healthOf("plex", token)).toEqual({ name: "plex", status: expect.any(String) });
  expect(await call(api.httpPort, "/api/v1/health/services", { headers: { authorization: "" } })).toMatchObject({
    status: 401,
  });
});
