import { jest } from "@jest/globals";
import type { Running } from "../src/process/lifecycle.ts";
import { DEV_TOKEN, eventually, type Platform } from "./platform.ts";
import {
  attemptsOf,
  incidentsOf,
  notificationOf,
  plantIdleSession,
  send,
  startWorld,
  type World,
} from "./responder-world.ts";
import type { Signals } from "./signals.ts";

const PASSWORD = "a-long-enough-password";
jest.setTimeout(90_000);

let world: World;
let platform: Platform;
let signals: Signals;
let responder: Running;

beforeAll(async () => {
  world = await startWorld();
  ({ platform, signals } = world);
  const { httpPort } = world.api;
  responder = await platform.responder({ ...world.env("spool"), API_URL: `http://127.0.0.1:${httpPort}` });
  for (const name of ["admin", "user"]) {
    await fetch(`http://127.0.0.1:${httpPort}/api/v1/auth/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: `${name}@example.com`, password: PASSWORD, name }),
    });
  }
  await platform.sql("UPDATE users SET role = 'admin' WHERE email = 'admin@example.com'");
});
afterAll(() => world?.stop());

interface Visit {
  form?: Record<string, string>;
  cookie?: string;
  token?: string;
  headers?: Record<string, string>;
}

const visit = (path: string, visit?: Visit) => ask(`/incidents${path}`, visit);

async function ask(path: string, { form, cookie, token, headers = { accept: "text/html" } }: Visit = {}) {
  const answer = await fetch(`http://127.0.0.1:${responder.httpPort}${path}`, {
    redirect: "manual",
    headers: { ...(cookie && { cookie }), ...(token && { authorization: `Bearer ${token}` }), ...headers },
    ...(form && { method: "POST", body: new URLSearchParams(form) }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const signIn = (name: string, password = PASSWORD) =>
  ask("/ops/sign-in", { form: { email: `${name}@example.com`, password, to: "/incidents" } });

async function inReview(alert: string): Promise<string> {
  signals.rules.set(alert, { query: alert, duration: 0 });
  signals.samples.set(alert, [{ pod: "postgres-0" }]);
  await send(responder, notificationOf(alert));
  return eventually(async () => {
    const [incident] = await incidentsOf(platform, alert);
    expect(incident?.state).toBe("review");
    return incident?.id as string;
  });
}

test("an administrator signs in by a form, and the cookie is for the operators' pages alone", async () => {
  const signedOut = await visit("");
  expect([signedOut.status, signedOut.headers.get("location")]).toEqual([303, "/ops/sign-in?to=%2Fincidents"]);
  const signed = await signIn("admin");
  expect([signed.status, signed.headers.get("location")]).toEqual([303, "/incidents"]);
  const cookie = signed.headers.get("set-cookie") ?? "";
  for (const attribute of ["HttpOnly", "Secure", "SameSite=Lax", "Path=/ops", "Path=/incidents"])
    expect(cookie).toContain(attribute);
  const list = await visit("", { cookie: cookie.split(";")[0] as string });
  expect(list.status).toBe(200);
  expect(list.text).toContain("<h1>Incidents</h1>");
  expect(list.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(list.text).not.toContain("<script");
});

test("a role that is taken away ends the sign-in, also with the cookie at hand", async () => {
  const cookie = ((await signIn("admin")).headers.get("set-cookie") ?? "").split(";")[0] as string;
  const checked = () => ask("/ops/check", { cookie });
  expect((await checked()).status).toBe(204);
  const [user] = await platform.sql<{ id: string }>("SELECT id FROM users WHERE email = 'admin@example.com'");
  const changed = await fetch(`http://127.0.0.1:${world.api.httpPort}/api/v1/admin/users/${user?.id}/logout`, {
    method: "POST",
    headers: { authorization: `Bearer ${DEV_TOKEN}` },
  });
  expect(changed.status).toBe(204);
  expect((await checked()).status).toBe(401);
});

test("a wrong password, an account without the right and a forged cookie see nothing", async () => {
  expect((await signIn("admin", "another-password")).status).toBe(401);
  const user = await signIn("user");
  expect([user.status, user.headers.get("set-cookie")]).toEqual([403, null]);
  const forged = "__Secure-media-operator=x.y.z";
  expect((await visit("", { cookie: forged })).status).toBe(303);
  expect((await visit("/automation", { cookie: forged, form: { to: "off", reason: "x" } })).status).toBe(401);
});

test("a person acknowledges an incident once; a form of another site changes nothing", async () => {
  const id = await inReview("SlowQueriesMany");
  const token = DEV_TOKEN;
  const foreign = { "sec-fetch-site": "cross-site" };
  expect((await visit(`/${id}/acknowledge`, { token, form: {}, headers: foreign })).status).toBe(403);
  expect((await visit(`/${id}/acknowledge`, { token, form: {} })).status).toBe(303);
  expect((await visit(`/${id}/acknowledge`, { token, form: {} })).status).toBe(409);
  const page = await visit(`/${id}`, { token });
  expect(page.text).toContain("A person has it.");
  expect(page.text).toContain("<h1>SlowQueriesMany: acknowledged</h1>");
  expect(page.text).toMatch(/<caption>Figures<\/caption>/);
});

test("with automation switched off nothing acts; a person sees the dry run, switches it on and has it run", async () => {
  const token = DEV_TOKEN;
  const switched = (to: string) => visit("/automation", { token, form: { to, reason: "the test" } });
  expect((await switched("off")).status).toBe(303);
  const session = await plantIdleSession(platform);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await send(responder, notificationOf("IdleInTransaction"));
  const id = await eventually(async () => {
    const [incident] = await incidentsOf(platform, "IdleInTransaction");
    expect(incident?.state).toBe("review");
    return incident?.id as string;
  });
  expect([session.state.ended, await attemptsOf(platform, id)]).toEqual([false, []]);
  const dry = await visit(`/${id}/playbook`, { token });
  expect(dry.text).toContain("It would act on");
  expect(dry.text).toMatch(/<li>\d+@/);
  await switched("on");
  expect((await visit(`/${id}/playbook`, { token, form: {} })).status).toBe(303);
  await eventually(
    async () => expect((await incidentsOf(platform, "IdleInTransaction"))[0]?.state).toBe("closed"),
    30_000,
  );
  expect(session.state.ended).toBe(true);
  const edited = await visit(`/${id}/post-mortem`, { token, form: { text: "# Edited <b>" } });
  expect(edited.status).toBe(303);
  expect((await visit(`/${id}/post-mortem.md`, { token })).text).toBe("# Edited <b>");
  expect((await visit(`/${id}/post-mortem`, { token })).text).toContain("# Edited &lt;b&gt;");
}, 60_000);

test("what comes with an alert is text, also in the page", async () => {
  const id = await inReview("QueryTimeHigh");
  await platform.sql(`UPDATE incidents SET annotations = '{"summary": "<img src=x onerror=alert(1)>"}' WHERE id = $1`, [
    id,
  ]);
  const { text } = await visit(`/${id}`, { token: DEV_TOKEN });
  expect(text).toContain("&lt;img");
  expect(text).not.toContain("<img");
});

test("an id that is none is not found", async () => {
  for (const id of ["x", "00000000-0000-4000-8000-000000000000", "%2e%2e"])
    expect((await visit(`/${id}`, { token: DEV_TOKEN })).status).toBe(404);
});

test("follow-ups of post-mortems are listed and counted until a person closes them, on the page or in the text", async () => {
  const alert = "FollowedUp";
  const id = await inReview(alert);
  signals.samples.delete(alert);
  await eventually(async () => {
    await platform.sql("UPDATE incidents SET due_at = now() WHERE id = $1", [id]);
    expect((await incidentsOf(platform, alert))[0]?.state).toBe("closed");
  }, 20_000);
  const token = DEV_TOKEN;
  const write = (text: string) => visit(`/${id}/post-mortem`, { token, form: { text } });
  await platform.sql("UPDATE incidents SET post_mortem = NULL WHERE id <> $1", [id]);
  await write("# A\n- [ ] Buy <b>a disk</b>.\n- [ ] Ask.\n- [x] Done.");
  const { text, status } = await visit("/follow-ups", { token });
  expect(status).toBe(200);
  expect(text).toContain("Buy &lt;b&gt;a disk&lt;/b&gt;.");
  expect(text).not.toContain("Done.");
  const open = async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${responder.adminPort}/metrics`)).text();
    return Number(/^media_follow_ups_open (\d+)$/m.exec(metrics)?.[1]);
  };
  await eventually(async () => expect(await open()).toBe(2), 15_000);
  const close = (line: number, said: string) =>
    visit(`/${id}/follow-ups`, { token, form: { line: String(line), text: said } });
  // The controls: another person changed the text meanwhile; and no person is signed in.
  expect((await close(2, "Buy <b>a disk</b>.")).status).toBe(409);
  expect((await visit(`/${id}/follow-ups`, { form: { line: "1", text: "Buy <b>a disk</b>." } })).status).toBe(401);
  expect((await close(1, "Buy <b>a disk</b>.")).status).toBe(303);
  expect((await close(1, "Buy <b>a disk</b>.")).status).toBe(409);
  expect((await visit(`/${id}/post-mortem.md`, { token })).text).toMatch(/- \[x\] Buy .* \(closed by dev, \d{4}-/);
  await eventually(async () => expect(await open()).toBe(1), 15_000);
  await write("# A\n- [x] Ask.");
  expect((await visit("/follow-ups", { token })).text).toContain("None is open.");
  await eventually(async () => expect(await open()).toBe(0), 15_000);
});
