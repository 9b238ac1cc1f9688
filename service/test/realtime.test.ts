import { ACCESS_SECONDS, createTokens } from "../src/auth/tokens.ts";
import { SIGNALS, UPDATES } from "../src/domain/published-events.ts";
import {
  SOCKET_CONNECTIONS_TOTAL,
  SOCKET_EVENTS_TOTAL,
  SOCKET_REFUSALS_TOTAL,
  UPDATES_PUBLISHED_TOTAL,
} from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { metric, type Person, person, post, postAs } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, startPlatform } from "./platform.ts";
import { client, closeClients } from "./sockets.ts";

let platform: Platform;
let one: Running;
let other: Running;
let ann: Person;
let nextId = 120_000;

beforeAll(async () => {
  platform = await startPlatform();
  const quick = { SOCKET_UPKEEP_SECONDS: "1" };
  [one, other] = [await platform.api(quick), await platform.api(quick)];
  await platform.worker();
  ann = await person(one.httpPort, "ann");
});
afterEach(closeClients);
afterAll(() => platform?.stop());

const movie = () => ({ mediaType: "movie", tmdbId: ++nextId });
const ask = (who: Person) => postAs(one.httpPort, who.token, "/api/v1/requests", movie());
const act = (who: Person, id: string, what: string) =>
  postAs(one.httpPort, who.token, `/api/v1/requests/${id}/${what}`);
const refusals = (code: string, { adminPort } = other) => metric(adminPort, `${SOCKET_REFUSALS_TOTAL}{code="${code}"}`);

describe("live updates", () => {
  test("a client of another process receives what one process and the worker change, in order and as documented", async () => {
    const { ready, updates } = client(other.httpPort, DEV_TOKEN);
    expect((await ready()).payload).toEqual({ recovered: false });
    await platform.pace({ queuedSeconds: 0, seconds: 2 });
    const { body } = await post(one.httpPort, movie());
    await eventually(() =>
      expect(updates().at(-1)).toMatchObject({ name: "request.updated", payload: { status: "available" } }),
    );
    for (const { name, payload } of updates()) UPDATES[name as keyof typeof UPDATES].parse(payload);
    const requests = updates().filter(({ name }) => name === "request.updated");
    expect(requests.map(({ payload }) => payload)).toMatchObject([
      { id: body.id, status: "pending", version: 1, requestedBy: "dev" },
      { id: body.id, status: "available", version: 2 },
    ]);
    const downloads = updates().filter(({ name }) => name === "download.progress");
    const progress = downloads.map(({ payload }) => payload.progress);
    expect(progress.length).toBeGreaterThan(2);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(downloads.map(({ payload }) => payload.status)).toEqual(expect.arrayContaining(["queued", "completed"]));
    expect(await metric(other.adminPort, `${SOCKET_EVENTS_TOTAL}{event="request.updated"}`)).toBe(2);
    expect(await metric(one.adminPort, `${UPDATES_PUBLISHED_TOTAL}{event="request.updated",outcome="published"}`)).toBe(
      1,
    );
    await platform.pace();
  });

  test("another's never arrive, a moderator's do", async () => {
    const [ben, moderator] = await Promise.all([person(one.httpPort, "ben"), person(one.httpPort, "m", "moderator")]);
    const [anns, bens, moderators] = [ann, ben, moderator].map(({ token }) => client(other.httpPort, token));
    await Promise.all([anns, bens, moderators].map((it) => it?.ready()));
    const { body } = await ask(ann);
    await act(moderator, body.id, "decline");
    const theirs = (await ask(ben)).body.id;
    // What is Ben's comes last, and by the same way: what came to him before it would be Ann's.
    await eventually(() => expect(bens?.updates()).toHaveLength(1));
    expect(bens?.updates()[0]?.payload).toMatchObject({ id: theirs, requestedBy: ben.id });
    const states = (it: typeof anns) => it?.updates().map(({ payload }) => [payload.id, payload.status]);
    expect(states(anns)).toEqual([
      [body.id, "awaiting"],
      [body.id, "declined"],
    ]);
    expect(states(moderators)).toEqual([...(states(anns) ?? []), [theirs, "awaiting"]]);
  });

  test("a moderator's own come once, though it is in both rooms", async () => {
    const moderator = await person(one.httpPort, "both", "moderator");
    const { ready, updates } = client(other.httpPort, moderator.token);
    await ready();
    const { body } = await ask(moderator);
    await act(moderator, body.id, "cancel");
    await eventually(() => expect(updates().some(({ payload }) => payload.status === "cancelled")).toBe(true));
    expect(new Set(updates().map(({ at }) => at)).size).toBe(updates().length);
  });

  test("an older state is not sent after a newer, nor one twice, however often it is published", async () => {
    const { ready, updates } = client(other.httpPort, ann.token);
    await ready();
    const { body } = await ask(ann);
    await act(ann, body.id, "cancel");
    await eventually(() => expect(updates()).toHaveLength(2));
    const sample = `${UPDATES_PUBLISHED_TOTAL}{event="request.updated",outcome="published"}`;
    const before = await metric(one.adminPort, sample);
    const sweeper = await platform.worker();
    // Its first look goes back minutes: all of them are known.
    await eventually(async () => expect(await metric(sweeper.adminPort, "media_ready")).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    expect(updates()).toHaveLength(2);
    expect(await metric(sweeper.adminPort, sample)).toBe(0);
    expect(await metric(one.adminPort, sample)).toBe(before);
  });
});

describe("who may connect", () => {
  const forged = () => createTokens("another secret").sign({ sub: ann.id, role: "admin", sid: "s" });
  const old = () => createTokens(platform.servers.databasePassword, () => Date.now() - 3_600_000);
  const bad: [string, () => unknown, string][] = [
    ["no token", () => undefined, "unauthenticated"],
    ["a number", () => 7, "unauthenticated"],
    ["a forged token", forged, "unauthenticated"],
    ["an expired token", () => old().sign({ sub: ann.id, role: "user", sid: "s" }), "token-expired"],
  ];
  test.each(bad)("%s is refused, with the problem's code, and counted", async (_what, token, code) => {
    const before = await refusals(code);
    const { refused, received } = client(other.httpPort, token());
    await eventually(() => expect(refused).toEqual([expect.objectContaining({ code, status: 401 })]));
    expect(received).toEqual([]);
    expect(await refusals(code)).toBe(before + 1);
  });

  test("a session that is closed is refused, and ends the connections it has", async () => {
    const leaver = await person(one.httpPort, "leaver");
    const { ready, received, dropped } = client(other.httpPort, leaver.token);
    await ready();
    await postAs(one.httpPort, leaver.token, "/api/v1/auth/logout");
    await eventually(() => expect(dropped).toEqual(["io server disconnect"]));
    expect(received.at(-1)).toMatchObject({ name: "closing", payload: { code: "session-ended", status: 401 } });
    SIGNALS.closing.parse(received.at(-1)?.payload);
    const { refused } = client(other.httpPort, leaver.token);
    await eventually(() => expect(refused).toEqual([expect.objectContaining({ code: "session-ended" })]));
  });

  test("a token that runs out ends its connection, and another goes on where it was", async () => {
    const [, payload = ""] = ann.token.split(".");
    const { sid } = JSON.parse(Buffer.from(payload, "base64url").toString());
    const ago = (ACCESS_SECONDS - 2) * 1_000;
    const brief = createTokens(platform.servers.databasePassword, () => Date.now() - ago);
    const token = brief.sign({ sub: ann.id, role: "user", sid });
    const { socket, ready, received, dropped, updates } = client(other.httpPort, token);
    await ready();
    await eventually(() => expect(dropped).toEqual(["io server disconnect"]));
    expect(received.at(-1)).toMatchObject({ name: "closing", payload: { code: "token-expired" } });
    const { body } = await ask(ann);
    socket.auth = { token: ann.token };
    socket.connect();
    expect((await ready(2)).payload).toEqual({ recovered: true });
    expect(updates()).toMatchObject([{ payload: { id: body.id } }]);
  });

  test("the place of another does not give what is another's", async () => {
    const mallory = await person(one.httpPort, "mallory");
    const anns = client(other.httpPort, ann.token);
    const { at } = await anns.ready();
    await ask(ann);
    await eventually(() => expect(anns.updates()).toHaveLength(1));
    const { pid } = Object.fromEntries(
      Object.entries(anns.socket).map(([key, value]) => [key.replace(/^_/, ""), value]),
    );
    const token = mallory.token;
    const theirs = client(other.httpPort, token, { auth: { token, pid, offset: at } });
    expect((await theirs.ready()).payload).toEqual({ recovered: true });
    expect(theirs.updates()).toEqual([]);
  });

  test.each(["1-1", "99999999999999-0", "x", "", "-", "1-1-1"])(
    "the place %j is none to go on from",
    async (offset) => {
      const token = ann.token;
      const { ready } = client(other.httpPort, token, { auth: { token, pid: "p", offset } });
      expect((await ready()).payload).toEqual({ recovered: false });
    },
  );
});

describe("limits", () => {
  test("a process's connections: the rest come again until there is room", async () => {
    const small = await platform.api({ SOCKETS_MAX: "2" });
    const [first] = await Promise.all(
      [1, 2].map(async () => {
        const it = client(small.httpPort, DEV_TOKEN);
        await it.ready();
        return it;
      }),
    );
    const third = client(small.httpPort, DEV_TOKEN);
    await eventually(async () => expect(await refusals("overloaded", small)).toBeGreaterThan(1));
    expect(third.received).toEqual([]);
    first?.socket.disconnect();
    await third.ready();
  });

  test("a client that says anything is sent away; a long message does not even get in", async () => {
    const talker = client(other.httpPort, ann.token);
    await talker.ready();
    talker.socket.emit("request.updated", { id: "mine" });
    await eventually(() => expect(talker.dropped).toEqual(["io server disconnect"]));
    expect(talker.received.at(-1)).toMatchObject({ name: "closing", payload: { code: "method-not-allowed" } });

    const loud = client(other.httpPort, ann.token, { reconnection: false });
    await loud.ready();
    loud.socket.emit("x", "y".repeat(5_000));
    await eventually(() => expect(loud.dropped).toEqual(["transport close"]));
    expect(loud.received.map(({ name }) => name)).toEqual(["ready"]);
  });

  test("only WebSockets, only the one namespace, only clients that sign in soon", async () => {
    const polled = await fetch(`http://127.0.0.1:${other.httpPort}/socket.io/?EIO=4&transport=polling`);
    expect(polled.status).toBe(400);
    const silent = new WebSocket(`ws://127.0.0.1:${other.httpPort}/socket.io/?EIO=4&transport=websocket`);
    const closed = new Promise((resolve) => silent.addEventListener("close", resolve));
    const opened = Date.now();
    await closed;
    expect(Date.now() - opened).toBeLessThan(8_000);
  });
});

test("a client that hears nothing of its own moves on with the stream all the same", async () => {
  const idle = await person(one.httpPort, "idle");
  const [theirs, anns] = [client(other.httpPort, idle.token), client(other.httpPort, ann.token)];
  await Promise.all([theirs.ready(), anns.ready()]);
  await ask(ann);
  await eventually(() => expect(anns.updates()).toHaveLength(1));
  await eventually(() => expect(theirs.received.at(-1)).toMatchObject({ name: "position", at: anns.updates()[0]?.at }));
  expect(theirs.updates()).toEqual([]);
});

test("connections are counted by whether they go on", async () => {
  const sample = (recovered: boolean) =>
    metric(other.adminPort, `${SOCKET_CONNECTIONS_TOTAL}{recovered="${recovered}"}`);
  const [fresh, recovered] = [await sample(false), await sample(true)];
  const { socket, ready } = client(other.httpPort, ann.token);
  await ready();
  socket.io.engine.close();
  expect((await ready(2)).payload).toEqual({ recovered: true });
  expect(socket.recovered).toBe(true);
  expect([await sample(false), await sample(true)]).toEqual([fresh + 1, recovered + 1]);
});
