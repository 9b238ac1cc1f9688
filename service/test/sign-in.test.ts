import { returnPath } from "../src/responder/sign-in/person.ts";
import { BROWSER, COOKIE, PAGES_DEV_TOKEN, pageTokens, serve, startPages, tokens } from "./pages.ts";

type Pages = Awaited<ReturnType<typeof startPages>>;
let pages: Pages;
let api: Awaited<ReturnType<typeof serve>>;
let forwarded: string | undefined;
const sessionsOf = () => pages.sessions;

/** The api's sign-in: accounts by their role, all with one password. */
beforeAll(async () => {
  api = await serve(async (req, res) => {
    forwarded = String(req.headers["x-forwarded-for"]);
    const { email, password } = JSON.parse(Buffer.concat(await req.toArray()).toString());
    if (password !== "right") return void res.writeHead(401).end("{}");
    const role = email.split("@")[0] as "user" | "admin";
    const { id: sid } = await sessionsOf().open(email);
    res.writeHead(201).end(JSON.stringify({ accessToken: await tokens.sign({ sub: email, role, sid }) }));
  });
  pages = await startPages({ apiUrl: api.url });
});
afterAll(async () => {
  await pages?.stop();
  await api?.stop();
});

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers,
  body: new URLSearchParams(fields),
});
const signIn = (email: string, password = "right", to = "/ops/prometheus/graph?g0.expr=up") =>
  pages.visit("/ops/sign-in", form({ email, password, to }, { "x-forwarded-for": "192.0.2.7" }));
const check = (headers: Record<string, string>) => pages.visit("/ops/check", { headers });
const cookieOf = async (email = "admin@example.com") => `${COOKIE}=${(await signIn(email)).cookies[COOKIE]}`;

test("an administrator signs in, and goes on to the page that was asked for", async () => {
  const signed = await signIn("admin@example.com");
  expect([signed.status, signed.headers.get("location")]).toEqual([303, "/ops/prometheus/graph?g0.expr=up"]);
  expect(forwarded).toBe("192.0.2.7");
  const set = signed.headers.getSetCookie();
  expect(set.map((line) => /Path=([^;]+)/.exec(line)?.[1])).toEqual(["/ops", "/incidents"]);
  for (const line of set) expect(line).toMatch(/Secure; HttpOnly; SameSite=Lax; Max-Age=28800$/);
  const answer = await check({ cookie: `${COOKIE}=${signed.cookies[COOKIE]}` });
  expect([answer.status, answer.headers.get("x-operator")]).toEqual([204, "admin%40example.com"]);
});

test("a user and a wrong password get no cookie; the user's session ends at once", async () => {
  const before = pages.sessions.state.count;
  const user = await signIn("user@example.com");
  expect([user.status, user.cookies]).toEqual([403, {}]);
  expect(await pages.sessions.isOpen(`session-${before + 1}-of-user@example.com`)).toBe(false);
  const wrong = await signIn("admin@example.com", "wrong");
  expect([wrong.status, wrong.cookies]).toEqual([401, {}]);
});

test("a bearer token counts where it is an administrator's or the developer's", async () => {
  const bearer = async (role: "admin" | "user" | "moderator") => {
    const { id: sid } = await pages.sessions.open(role);
    return { authorization: `Bearer ${await tokens.sign({ sub: role, role, sid })}` };
  };
  expect((await check(await bearer("admin"))).status).toBe(204);
  expect((await check({ authorization: `Bearer ${PAGES_DEV_TOKEN}` })).status).toBe(204);
  for (const role of ["user", "moderator"] as const) expect((await check(await bearer(role))).status).toBe(403);
  expect((await check({ authorization: "Bearer guessed" })).status).toBe(401);
});

test("a cookie of another key, an access token as cookie, and the cookie as bearer token are refused", async () => {
  const about = { sub: "a", role: "admin", sid: (await pages.sessions.open("a")).id } as const;
  expect((await check({ cookie: `${COOKIE}=${await pageTokens.sign(about)}` })).status).toBe(204);
  expect((await check({ cookie: `${COOKIE}=${await tokens.sign(about)}` })).status).toBe(401);
  expect((await check({ authorization: `Bearer ${await pageTokens.sign(about)}` })).status).toBe(401);
  expect((await check({ cookie: `${COOKIE}=x.y.z` })).status).toBe(401);
});

test("a session that ended is none, also for a cookie that was copied; without the state Redis it counts", async () => {
  const cookie = await cookieOf();
  const out = await pages.visit("/ops/sign-out", { method: "POST", headers: { cookie } });
  expect([out.status, out.headers.get("location"), out.cookies[COOKIE]]).toEqual([303, "/ops/sign-in", ""]);
  expect((await check({ cookie })).status).toBe(401);
  pages.sessions.state.away = true;
  expect((await check({ cookie })).status).toBe(204);
  pages.sessions.state.away = false;
});

test("a browser is sent to sign in and back; a program is told 401 or 403", async () => {
  const page = await pages.visit("/ops/grafana/d/x?from=now-1h", { headers: BROWSER });
  expect(page.status).toBe(303);
  expect(page.headers.get("location")).toBe(`/ops/sign-in?to=${encodeURIComponent("/ops/grafana/d/x?from=now-1h")}`);
  const data = await pages.visit("/ops/prometheus/api/v1/query?query=up");
  expect([data.status, JSON.parse(data.text).code]).toEqual([401, "unauthenticated"]);
  const post = await pages.visit("/ops/prometheus/-/reload", { method: "POST", headers: BROWSER });
  expect(post.status).toBe(401);
  const user = {
    cookie: `${COOKIE}=${await pageTokens.sign({ sub: "u", role: "user", sid: (await pages.sessions.open("u")).id })}`,
  };
  expect((await pages.visit("/ops/", { headers: { ...BROWSER, ...user } })).status).toBe(403);
});

test("who is signed in sees the list, and is told that the rest is not offered", async () => {
  const cookie = await cookieOf();
  const list = await pages.visit("/ops/", { headers: { cookie } });
  expect(list.text).toContain('href="/ops/prometheus/"');
  expect(list.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect((await pages.visit("/ops/loki/flush", { headers: { cookie } })).status).toBe(404);
  expect((await pages.visit("/ops/prometheus/-/quit", { method: "POST", headers: { cookie } })).status).toBe(403);
});

test("what changes something must come from our own pages", async () => {
  const cookie = await cookieOf();
  const host = new URL(pages.url).host;
  const asked = async (headers: Record<string, string>, method = "POST") =>
    (await check({ cookie, "x-asked-method": method, ...headers })).status;
  expect(await asked({})).toBe(204);
  expect(await asked({ origin: `http://${host}`, "sec-fetch-site": "same-origin" })).toBe(204);
  expect(await asked({ origin: "https://elsewhere.example" })).toBe(403);
  expect(await asked({ origin: "not an origin" })).toBe(403);
  expect(await asked({ "sec-fetch-site": "cross-site" }, "DELETE")).toBe(403);
  // The control: reading is not a change.
  expect(await asked({ "sec-fetch-site": "cross-site" }, "GET")).toBe(204);
  const foreign = form({ email: "admin@example.com", password: "right" }, { "sec-fetch-site": "cross-site" });
  expect((await pages.visit("/ops/sign-in", foreign)).status).toBe(403);
});

test.each([
  ["/ops/grafana/", "/ops/grafana/"],
  ["/incidents/1?x=%2F", "/incidents/1?x=%2F"],
  ["/ops/../ops/loki/", "/ops/loki/"],
  ["https://elsewhere.example/ops", "/ops"],
  ["//elsewhere.example/ops/", "/ops"],
  ["/\\elsewhere.example/ops/", "/ops"],
  ["/ops/..//elsewhere.example", "/ops"],
  ["/ops/../../session", "/ops"],
  ["/operations", "/ops"],
  ["/ops/sign-in?to=/ops", "/ops"],
  ["/ops\r\nset-cookie: a=b", "/ops"],
  ["javascript:alert(1)", "/ops"],
  [["/ops/a", "/ops/b"], "/ops"],
  [undefined, "/ops"],
])("after the sign-in %p leads to %s", (wish, path) => {
  expect(returnPath(wish)).toBe(path);
});

test("a page for signing in repeats no text that would be more than text", async () => {
  const { text } = await pages.visit(`/ops/sign-in?to=${encodeURIComponent('/ops/x"><script>alert(1)</script>')}`);
  expect(text).not.toContain("<script");
  expect(text).toContain('type="password"');
});

test("without accounts' sign-in there is no form, and none is taken", async () => {
  const closed = await startPages({ apiUrl: api.url, local: false });
  expect((await closed.visit("/ops/sign-in")).text).not.toContain("password");
  const sent = await closed.visit("/ops/sign-in", form({ email: "admin@example.com", password: "right" }));
  expect([sent.status, sent.cookies]).toEqual([404, {}]);
  await closed.stop();
});
