import { randomUUID } from "node:crypto";
import { jest } from "@jest/globals";
import type { Running } from "../src/process/lifecycle.ts";
import * as hooks from "./responder-hooks.ts";
import { SLACK_SECRET, startWorld, type World } from "./responder-world.ts";

jest.setTimeout(90_000);

let world: World;
let responder: Running;

beforeAll(async () => {
  world = await startWorld();
  responder = await world.platform.responder(world.env("spool"));
});
afterAll(() => world?.stop());

const rowOf = (alert: string) => hooks.rowOf(world, alert);
const until = (alert: string, state: string) => hooks.until(world, alert, state);
const paged = (alert: string, category?: string) => hooks.paged(world, responder, alert, category);
const { hmac } = hooks;

const now = () => Math.floor(Date.now() / 1_000);
const press = (category: string, messageTs = now()) =>
  new URLSearchParams({
    payload: JSON.stringify({
      type: "interactive_message",
      callback_id: "incidents",
      actions: [{ type: "button", name: "acknowledge", value: category }],
      user: { id: "U061F7AUR", name: "engineer" },
      channel: { id: "C1" },
      message_ts: `${messageTs}.000100`,
      nonce: randomUUID(),
    }),
  }).toString();
const slack = (body: string, { time = now(), secret = SLACK_SECRET } = {}) =>
  hooks.hook(responder, "slack", body, {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-request-timestamp": String(time),
    "x-slack-signature": `v0=${hmac(secret, `v0:${time}:${body}`)}`,
  });

describe("Slack's button", () => {
  test("acknowledges the incidents of its group that were told by then", async () => {
    await paged("SlackOne", "slack-one");
    await paged("SlackOther", "slack-other");
    expect(await slack(press("slack-one", now() - 600))).toMatchObject({
      body: { text: expect.stringContaining("nothing") },
    });
    expect((await rowOf("SlackOne")).state).toBe("escalated");
    expect(await slack(press("slack-one"))).toMatchObject({
      status: 200,
      body: { text: "1 incidents are acknowledged." },
    });
    expect((await until("SlackOne", "acknowledged")).acknowledged_by).toBe("slack:U061F7AUR");
    expect((await rowOf("SlackOther")).state).toBe("escalated");
  });

  test("is refused where it is forged, changed, older than five minutes, or replayed", async () => {
    await paged("SlackForged", "slack-forged");
    const body = press("slack-forged");
    const time = now();
    const stale = await slack(body, { time: time - 301 });
    expect(stale).toMatchObject({ status: 401, body: { code: "signature-expired" } });
    expect(await slack(body, { time: time + 400 })).toMatchObject({ body: { code: "signature-expired" } });
    expect(await slack(body, { secret: "another-secret-of-somebody" })).toMatchObject({
      status: 401,
      body: { code: "signature-invalid" },
    });
    // Signed for another time: the recorded body is not good with a new one.
    const old = `v0=${hmac(SLACK_SECRET, `v0:${time - 9_999}:${body}`)}`;
    const moved = { "x-slack-request-timestamp": String(time), "x-slack-signature": old };
    expect(await hooks.hook(responder, "slack", body, moved)).toMatchObject({
      status: 401,
      body: { code: "signature-invalid" },
    });
    expect((await rowOf("SlackForged")).state).toBe("escalated");
    expect((await slack(body, { time })).status).toBe(200);
    await until("SlackForged", "acknowledged");
    expect(await slack(body, { time })).toMatchObject({ status: 401, body: { code: "signature-expired" } });
  });

  test("that is none of ours changes nothing; what is no request is refused", async () => {
    await paged("SlackElse", "slack-else");
    const other = press("slack-else").replace("acknowledge", "something");
    expect(await slack(other)).toMatchObject({ status: 200, body: { text: expect.stringContaining("nothing") } });
    expect((await rowOf("SlackElse")).state).toBe("escalated");
    expect((await slack("payload=x")).status).toBe(400);
    expect((await slack(new URLSearchParams({ payload: "{}" }).toString())).status).toBe(422);
  });
});

test("without its secret there is no such address", async () => {
  const bare = await world.platform.responder({ ...world.env("spool-bare"), SLACK_SIGNING_SECRET_FILE: "" });
  expect((await hooks.hook(bare, "slack", "{}", {})).status).toBe(404);
});
