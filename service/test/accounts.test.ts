import { randomUUID } from "node:crypto";
import { createTokens } from "../src/auth/tokens.ts";
import { LOGINS_TOTAL } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import { getAs, idempotent, metric, PASSWORD, person, postAs, signIn } from "./calls.ts";
import { DEV_TOKEN, eventually, meddle, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let port: number;
const { log, lines } = readableLog("api");

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api({}, { log });
  port = api.httpPort;
});
afterAll(() => platform?.stop());

const requests = "/api/v1/requests";
const refresh = (refreshToken: string, more = {}) => postAs(port, "", "/api/v1/auth/refresh", { refreshToken }, more);

describe("signing in", () => {
  test("register, log in, act, refresh, log out", async () => {
    const email = `Ann-${randomUUID()}@Example.org`;
    const made = await postAs(port, "", "/api/v1/auth/register", { email, name: "Ann", password: PASSWORD });
    expect(made).toMatchObject({ status: 201, body: { email: email.toLowerCase(), role: "user" } });
    const first = await signIn(port, email);
    expect((await getAs(port, first.token, requests)).body).toEqual({ items: [], nextCursor: null });
    const second = await refresh(first.refreshToken);
    expect(second.headers.get("cache-control")).toBe("no-store");
    expect((await postAs(port, second.body.accessToken, "/api/v1/auth/logout")).status).toBe(204);
    // The session is over for both of its access tokens and for its refresh token.
    for (const token of [first.token, second.body.accessToken])
      expect(await getAs(port, token, requests)).toMatchObject({ status: 401, body: { code: "session-ended" } });
    expect((await refresh(second.body.refreshToken)).body.code).toBe("session-ended");
  });

  test("a refresh token that comes after its successor was used was stolen: the session ends for both", async () => {
    const { token, refreshToken } = await person(port, "robbed");
    const thief = await refresh((await refresh(refreshToken)).body.refreshToken);
    expect(thief.status).toBe(200);
    expect((await refresh(refreshToken)).body.code).toBe("session-ended");
    expect((await refresh(thief.body.refreshToken)).body.code).toBe("session-ended");
    expect((await getAs(port, token, requests)).body.code).toBe("session-ended");
  });

  test("a refresh during an outage of the database leaves the session as it is", async () => {
    const { token, refreshToken } = await person(port, "patient");
    await platform.servers.kill("pgbouncer");
    for (let n = 0; n < 2; n++) expect((await refresh(refreshToken)).status).toBe(503);
    await platform.servers.restart("pgbouncer");
    const after = await eventually(async () => {
      const answer = await refresh(refreshToken);
      expect(answer.status).toBe(200);
      return answer;
    });
    expect((await getAs(port, token, requests)).status).toBe(200);
    expect((await refresh(after.body.refreshToken)).status).toBe(200);
  });

  test("a refresh that is sent twice gets the same next token, also without a key", async () => {
    const { refreshToken } = await person(port, "two-tabs");
    const answers = await Promise.all([1, 2, 3].map(() => refresh(refreshToken)));
    const [first] = answers;
    for (const { body } of answers) {
      expect(body.refreshToken).toBe(first?.body.refreshToken);
      expect((await getAs(port, body.accessToken, requests)).status).toBe(200);
    }
    expect((await refresh(first?.body.refreshToken)).status).toBe(200);
  });

  test("a refresh whose answer was lost can be sent again under its key", async () => {
    const { refreshToken } = await person(port, "unlucky");
    const key = idempotent(randomUUID());
    const lost = await refresh(refreshToken, key);
    const again = await refresh(refreshToken, key);
    expect(again.body).toEqual(lost.body);
    expect((await getAs(port, again.body.accessToken, requests)).status).toBe(200);
  });

  test("a wrong password and an unknown address look the same, and take as long", async () => {
    const { email } = await person(port, "target");
    const time = async (address: string) => {
      const started = performance.now();
      const { status, body } = await postAs(port, "", "/api/v1/auth/login", { email: address, password: "guess" });
      expect([status, body.code]).toEqual([401, "invalid-credentials"]);
      return performance.now() - started;
    };
    await time("warm-up@example.org");
    const [known, unknown] = [await time(email), await time("nobody@example.org")];
    // Without the decoy an unknown address is answered in a few milliseconds: tens of times faster.
    expect(Math.max(known, unknown) / Math.min(known, unknown)).toBeLessThan(4);
    expect(await metric(api.adminPort, `${LOGINS_TOTAL}{outcome="refused"}`)).toBeGreaterThanOrEqual(3);
  });

  test("guessing is stopped per account and address, also for the right password, and locks no other caller out", async () => {
    const { email } = await person(port, "besieged");
    const attempt = (password: string, address: string) =>
      postAs(port, "", "/api/v1/auth/login", { email, password }, { "x-forwarded-for": address });
    const codes = [];
    // One more than two minutes allow, should one end meanwhile.
    for (let n = 0; n < 21; n++) codes.push((await attempt("guess", "203.0.113.1")).body.code);
    expect(codes).toContain("invalid-credentials");
    expect(codes).toContain("rate-limited");
    expect(await attempt(PASSWORD, "203.0.113.2")).toMatchObject({ status: 201 });
    const strict = await platform.api({ VISITOR_RATE_LIMIT_PER_MINUTE: "1" });
    const guess = { email: "b@example.org", password: "x" };
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await postAs(strict.httpPort, "", "/api/v1/auth/login", guess)).status);
    expect(statuses).toContain(429);
  }, 60_000);

  test("guesses from everywhere are stopped too, ten times later", async () => {
    const strict = await platform.api({ LOGIN_RATE_LIMIT_PER_MINUTE: "1" });
    const body = { email: `hunted-${randomUUID()}@example.org`, password: "guess" };
    const codes = [];
    for (let n = 0; n < 21; n++) {
      const from = { "x-forwarded-for": `198.51.100.${n}` };
      codes.push((await postAs(strict.httpPort, "", "/api/v1/auth/login", body, from)).body.code);
    }
    expect(codes.slice(0, 10)).toEqual(Array(10).fill("invalid-credentials"));
    expect(codes).toContain("rate-limited");
  }, 30_000);

  test("forged tokens: another key, another algorithm, another role, cut off", async () => {
    const { token } = await person(port, "forger");
    const [header = "", payload = "", signature = ""] = token.split(".");
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const admin = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), role: "admin" };
    const forged = [
      await createTokens("another key").sign({ sub: "u", role: "admin", sid: "s" }),
      `${part({ alg: "none", typ: "JWT" })}.${part(admin)}.`,
      `${header}.${part(admin)}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${token}.${"x".repeat(6_000)}`,
      `${token}.`,
      // The same 32 bytes in another spelling: the last two bits mean nothing.
      token.slice(0, -1) + respelled(token.at(-1)),
      "a.b.c",
    ];
    for (const bad of forged) expect((await getAs(port, bad, requests)).body.code).toBe("unauthenticated");
    expect((await getAs(port, token, requests)).status).toBe(200);
  });

  test("bad registrations get what is wrong", async () => {
    const { body } = await postAs(port, "", "/api/v1/auth/register", { email: "ann", name: "", password: "short" });
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(["/email", "/name", "/password"]);
  });

  test("a network can ask for so many accounts in an hour, at all processes together, and another for as many", async () => {
    const strict = { REGISTRATION_RATE_LIMIT_PER_HOUR: "2" };
    const two = await Promise.all([platform.api(strict), platform.api(strict)]);
    const ask = (n: number, from: string) => {
      const account = { email: `${randomUUID()}@example.org`, name: "One of many", password: PASSWORD };
      return postAs(two[n % 2]?.httpPort ?? 0, "", "/api/v1/auth/register", account, { "x-forwarded-for": from });
    };
    // One more than two hours allow, should one end meanwhile.
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await ask(n, `2001:db8:5:5::${n + 1}`));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(2);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await ask(0, "2001:db8:5:6::1")).status).toBe(201);
  });

  test("equal registrations at once make one account", async () => {
    const body = { email: `twin-${randomUUID()}@example.org`, name: "Twin", password: PASSWORD };
    const answers = await Promise.all([1, 2, 3, 4].map(() => postAs(port, "", "/api/v1/auth/register", body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  test("while the state Redis is away, signed-in users stay so, and no user can sign in", async () => {
    const { token, email } = await person(port, "inside");
    await platform.servers.kill("state");
    expect((await getAs(port, token, requests)).status).toBe(200);
    const answer = await postAs(port, "", "/api/v1/auth/login", { email, password: PASSWORD });
    expect(answer).toMatchObject({ status: 503, body: { code: "sessions-unavailable" } });
    await platform.servers.restart("state");
    await eventually(async () => expect((await signIn(port, email)).token).toEqual(expect.any(String)));
  });
});

describe("roles", () => {
  test("only who may manage users sees and changes them; a new role ends the old sessions", async () => {
    const [admin, ann] = [await person(port, "admin", "admin"), await person(port, "ann")];
    const role = `/api/v1/admin/users/${ann.id}/role`;
    expect(await getAs(port, ann.token, "/api/v1/admin/users")).toMatchObject({ status: 403 });
    expect(await postAs(port, ann.token, role, { role: "admin" })).toMatchObject({ status: 403 });
    expect(await postAs(port, admin.token, role, { role: "moderator" })).toMatchObject({ body: { role: "moderator" } });
    expect((await getAs(port, ann.token, requests)).body.code).toBe("session-ended");
    expect(await postAs(port, admin.token, role, { role: "king" })).toMatchObject({ status: 422 });
    const unknown = "/api/v1/admin/users/00000000-0000-4000-8000-000000000000/role";
    expect(await postAs(port, admin.token, unknown, { role: "user" })).toMatchObject({ status: 404 });
  });

  test("a user who signs in while the role is changed gets the new one, or a session that is over", async () => {
    const admin = await person(port, "promoter", "admin");
    const ann = await person(port, "promoted");
    const commits = "AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED";
    const quickAgain = await meddle(platform, commits, "PERFORM pg_sleep(1);");
    const changing = postAs(port, admin.token, `/api/v1/admin/users/${ann.id}/role`, { role: "moderator" });
    // It waits in its commit: the sessions that were there are ended, the new role is not seen yet.
    await eventually(async () => expect((await getAs(port, ann.token, requests)).status).toBe(401));
    const meanwhile = await signIn(port, ann.email);
    expect((await changing).body).toMatchObject({ role: "moderator" });
    await quickAgain();
    // On a busy machine the sign-in may take longer than the commit; then it knows the new role.
    const { role: signed } = JSON.parse(String(Buffer.from(meanwhile.token.split(".")[1] ?? "", "base64url")));
    const { body } = await getAs(port, meanwhile.token, requests);
    expect(signed === "moderator" ? "new role" : body.code).toMatch(/^(new role|session-ended)$/);
  });

  test("the list of users is paged, newest first, and shows no hash", async () => {
    const seen: string[] = [];
    let cursor: string | null = "";
    do {
      const query = cursor && `&cursor=${cursor}`;
      const { body, status } = await getAs(port, DEV_TOKEN, `/api/v1/admin/users?limit=3${query}`);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain("scrypt");
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    } while (cursor);
    const all = await platform.sql<{ id: string }>("SELECT id FROM users ORDER BY created_at DESC, id DESC");
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(seen.length).toBeGreaterThan(6);
  });
});

test("no password, hash or token is in the log or in the sealed answers", async () => {
  const { token, refreshToken } = await person(port, "careful");
  await postAs(port, "", "/api/v1/auth/register", { email: "x", name: "x", password: PASSWORD });
  const sealed = await platform.sql("SELECT encode(sealed, 'escape') FROM idempotency_keys");
  const text = JSON.stringify(lines) + JSON.stringify(sealed);
  for (const secret of [PASSWORD, token, refreshToken, "scrypt$"]) expect(text).not.toContain(secret);
});

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** The next character of the alphabet: of a signature's last one it differs in a bit that is not part of the bytes. */
function respelled(last = ""): string {
  return BASE64URL.charAt(BASE64URL.indexOf(last) + 1);
}
