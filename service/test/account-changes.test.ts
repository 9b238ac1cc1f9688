import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Inbox, type Message } from "../src/doubles/sink/inbox.ts";
import { listenForMail } from "../src/doubles/sink/mail.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { getAs, idempotent, PASSWORD, type Person, person, postAs, signIn } from "./calls.ts";
import { DEV_TOKEN, eventually, type Platform, readableLog, startPlatform } from "./platform.ts";

/** What people and administrators do with accounts, with a real mail server. */
let platform: Platform;
let api: Running;
let port: number;
let inbox: Inbox;
const closers: (() => Promise<unknown>)[] = [];
const { log, lines } = readableLog("api");

beforeAll(async () => {
  platform = await startPlatform();
  inbox = new Inbox(log);
  const smtp = await listenForMail((_name, close) => closers.push(close), log, 0, inbox);
  const file = join(platform.servers.folder, "smtp-url");
  writeFileSync(file, `smtp://127.0.0.1:${smtp}`);
  const mail = {
    SMTP_URL_FILE: file,
    MAIL_FROM: "media@example.org",
    PASSWORD_RESET_URL: "https://media.example.org/password",
  };
  api = await platform.api(mail, { log });
  port = api.httpPort;
});
afterAll(async () => {
  await platform?.stop();
  for (const close of closers) await close();
});

const NEW = "another horse, another staple";
const requests = "/api/v1/requests";
const post = (path: string, body: object = {}, token = "") => postAs(port, token, `/api/v1/${path}`, body);
const login = ({ email }: Person, password: string) => post("auth/login", { email, password });
const isOver = async ({ token, refreshToken }: Pick<Person, "token" | "refreshToken">) => {
  expect((await getAs(port, token, requests)).body.code).toBe("session-ended");
  expect((await post("auth/refresh", { refreshToken })).body.code).toBe("session-ended");
};
const letterIn = (mail: Message | undefined) => (mail?.body ?? {}) as { text?: string; from?: string };
const mailsTo = ({ email }: Person) => inbox.since(0).filter(({ to }) => to === email);

describe("a password", () => {
  test("is changed by who knows it, which ends every session; the old one is of no use then", async () => {
    const ann = await person(port, "ann");
    const elsewhere = await signIn(port, ann.email);
    const wrong = await post("auth/password", { current: "a guess at it", password: NEW }, ann.token);
    expect(wrong).toMatchObject({ status: 401, body: { code: "invalid-credentials" } });
    expect((await getAs(port, ann.token, requests)).status).toBe(200);
    expect((await post("auth/password", { current: PASSWORD, password: NEW }, ann.token)).status).toBe(204);
    for (const session of [ann, elsewhere]) await isOver(session);
    expect((await login(ann, PASSWORD)).status).toBe(401);
    expect((await login(ann, NEW)).status).toBe(201);
    expect((await post("auth/password", { current: NEW, password: NEW }, DEV_TOKEN)).status).toBe(404);
  });

  test("is reset by a mail, once, which ends every session", async () => {
    const ben = await person(port, "ben");
    for (let n = 0; n < 2; n++) expect((await post("auth/password/forgotten", { email: ben.email })).status).toBe(202);
    const [mail] = await eventually(() => {
      expect(mailsTo(ben)).toHaveLength(1);
      return mailsTo(ben);
    });
    const { text = "", from = "" } = letterIn(mail);
    expect(from).toBe("media@example.org");
    const token = /https:\/\/media\.example\.org\/password#(\S+)/.exec(text)?.[1] ?? "";
    for (const bad of [
      "x",
      `${token}x`,
      token.replace(/\..*/, ".x"),
      token.replace(ben.id, (await person(port, "eve")).id),
    ]) {
      const refused = await post("auth/password/reset", { token: bad, password: NEW });
      expect(refused).toMatchObject({ status: 401, body: { code: "reset-token-invalid" } });
    }
    // A database that is away uses up no token.
    await platform.servers.kill("pgbouncer");
    expect((await post("auth/password/reset", { token, password: NEW })).status).toBe(503);
    await platform.servers.restart("pgbouncer");
    await eventually(async () => expect((await getAs(port, ben.token, requests)).status).toBe(200));
    const both = await Promise.all(
      [NEW, `${NEW} 2`].map((password) => post("auth/password/reset", { token, password })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([204, 401]);
    await isOver(ben);
    const [won] = [NEW, `${NEW} 2`].filter((_, n) => both[n]?.status === 204);
    expect((await login(ben, won as string)).status).toBe(201);
    expect((await login(ben, PASSWORD)).status).toBe(401);
    // The second request for a mail came too soon after the first.
    expect(mailsTo(ben)).toHaveLength(1);
  });

  test("of an address without an account, or of a disabled one, brings the same answer and no mail", async () => {
    const gone = await person(port, "gone");
    await post(`admin/users/${gone.id}/disable`, {}, DEV_TOKEN);
    const nobody = { ...gone, email: "nobody@example.org" };
    for (const { email } of [gone, nobody]) expect((await post("auth/password/forgotten", { email })).status).toBe(202);
    const carl = await person(port, "carl");
    await post("auth/password/forgotten", { email: carl.email });
    await eventually(() => expect(mailsTo(carl)).toHaveLength(1));
    expect([...mailsTo(gone), ...mailsTo(nobody)]).toEqual([]);
  });
});

describe("sessions and accounts", () => {
  test("one logs out everywhere, and nobody else", async () => {
    const [dora, other] = [await person(port, "dora"), await person(port, "other")];
    const elsewhere = await signIn(port, dora.email);
    expect((await post("auth/logout-everywhere", {}, dora.token)).status).toBe(204);
    for (const session of [dora, elsewhere]) await isOver(session);
    expect((await getAs(port, other.token, requests)).status).toBe(200);
    expect((await login(dora, PASSWORD)).status).toBe(201);
  });

  test("an account that is disabled is out at once and cannot come back until it is enabled", async () => {
    const [admin, eric] = [await person(port, "admin", "admin"), await person(port, "eric")];
    const act = (what: string, { token } = admin) => post(`admin/users/${eric.id}/${what}`, {}, token);
    expect((await act("disable", eric)).status).toBe(403);
    expect(await act("disable")).toMatchObject({ status: 200, body: { disabled: true } });
    await isOver(eric);
    expect(await login(eric, PASSWORD)).toMatchObject({ status: 403, body: { code: "account-disabled" } });
    // Who does not know the password learns nothing.
    expect((await login(eric, "a guess at it")).body.code).toBe("invalid-credentials");
    expect(await act("enable")).toMatchObject({ status: 200, body: { disabled: false } });
    const again = await signIn(port, eric.email);
    expect((await act("logout")).status).toBe(204);
    await isOver(again);
    expect((await login(eric, PASSWORD)).status).toBe(201);
  });

  test("the last administrator stays one, also where two step down at once", async () => {
    await platform.sql("UPDATE users SET role = 'user' WHERE role = 'admin'");
    const two = await Promise.all([person(port, "first", "admin"), person(port, "second", "admin")]);
    const stepDown = ({ id, token }: (typeof two)[number]) =>
      postAs(port, token, `/api/v1/admin/users/${id}/role`, { role: "user" });
    const answers = await Promise.all(two.map(stepDown));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const [last] = two.filter((_, n) => answers[n]?.status === 409) as [(typeof two)[number]];
    expect((await stepDown(last)).body.code).toBe("last-admin");
    // The control: to be made what one is, and to step down when there is another.
    const role = `/api/v1/admin/users/${last.id}/role`;
    expect((await postAs(port, DEV_TOKEN, role, { role: "admin" })).status).toBe(200);
    await person(port, "third", "admin");
    expect((await postAs(port, DEV_TOKEN, role, { role: "user" })).status).toBe(200);
  });

  test("what ended the caller's own session can be sent again under its key, and nothing else", async () => {
    await person(port, "staying", "admin");
    const admin = await person(port, "abdicating", "admin");
    const role = `/api/v1/admin/users/${admin.id}/role`;
    const key = idempotent(randomUUID());
    const first = await postAs(port, admin.token, role, { role: "user" }, key);
    const again = await postAs(port, admin.token, role, { role: "user" }, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    const others = [
      await postAs(port, admin.token, role, { role: "user" }),
      await postAs(port, admin.token, role, { role: "user" }, idempotent(randomUUID())),
      await postAs(port, admin.token, role, { role: "admin" }, key),
      await postAs(port, admin.token, requests, { mediaType: "movie", tmdbId: 77_001 }, idempotent(randomUUID())),
    ];
    for (const { status, body } of others) expect([status, body.code]).toEqual([401, "session-ended"]);
    expect(await platform.sql("SELECT FROM requests WHERE tmdb_id = 77001")).toEqual([]);

    const leaver = await person(port, "leaving-twice");
    const leave = () => postAs(port, leaver.token, "/api/v1/auth/logout", {}, key);
    expect([(await leave()).status, (await leave()).status]).toEqual([204, 204]);
  });

  test("the last administrator cannot be disabled, one of two can, and the other then is the last", async () => {
    await platform.sql("UPDATE users SET role = 'user' WHERE role = 'admin'");
    const [first, second] = [await person(port, "first", "admin"), await person(port, "second", "admin")];
    expect((await post(`admin/users/${first.id}/disable`, {}, second.token)).status).toBe(200);
    const last = await post(`admin/users/${second.id}/disable`, {}, second.token);
    expect(last).toMatchObject({ status: 409, body: { code: "last-admin" } });
    expect((await getAs(port, second.token, requests)).status).toBe(200);
  });
});

test("every act of an administrator leaves a line that says who, what, on whom and with which outcome; other acts none", async () => {
  const [admin, fay] = [await person(port, "auditor", "admin"), await person(port, "fay")];
  const from = lines.length;
  await post(`admin/users/${fay.id}/role`, { role: "moderator" }, admin.token);
  await post(`admin/users/${fay.id}/disable`, {}, admin.token);
  await post("admin/users/00000000-0000-4000-8000-000000000000/enable", {}, admin.token);
  await getAs(port, admin.token, "/api/v1/admin/users");
  await post("auth/logout-everywhere", {}, admin.token);
  const about = { actor: admin.id, role: "admin", on: { id: fay.id } };
  expect(lines.slice(from).filter(({ msg }) => msg === "audit")).toMatchObject([
    { ...about, act: "changeRole", change: { role: "moderator" }, outcome: "done" },
    { ...about, act: "disableUser", outcome: "done" },
    { ...about, act: "enableUser", on: { id: "00000000-0000-4000-8000-000000000000" }, outcome: "not-found" },
  ]);
});

test("neither password nor token of a mail is in the log", () => {
  const text = JSON.stringify(lines);
  expect(text).toContain("was sent");
  const token = /#(\S+)/.exec(letterIn(inbox.since(0)[0]).text ?? "")?.[1];
  for (const secret of [PASSWORD, NEW, token]) expect(text).not.toContain(secret);
});
