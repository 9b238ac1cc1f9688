import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import Provider, { type Configuration } from "oidc-provider";
import { createOidc } from "../src/responder/sign-in/oidc.ts";
import { type Answer, COOKIE, call, serve, startPages } from "./pages.ts";

/** The sign-in against a real provider; what a provider that goes wrong would send is put in the place of its answer. */
const CLIENT = { id: "media-operations", secret: "client-secret-of-the-tests" };
const BEGUN = "__Secure-media-sign-in";
const GROUPS: Record<string, unknown> = {
  ann: ["staff", "media-operators"],
  text: "media-operators",
  ben: ["staff"],
  cid: undefined,
  prefix: ["media-operators-of-old"],
};

let pages: Awaited<ReturnType<typeof startPages>>;
let provider: Awaited<ReturnType<typeof startProvider>>;
let person = "ann";
/** Changes the ID token before it is sent. */
let tampered: ((claims: JWTPayload) => Promise<string>) | undefined;
let signing: CryptoKey;

beforeAll(async () => {
  const placeholder = await serve((_req, res) => res.end());
  const issuer = placeholder.url;
  await placeholder.stop();
  const oidc = createOidc({
    issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    scope: "openid groups",
    adminClaim: "groups",
    adminValues: ["media-operators"],
  });
  pages = await startPages({ oidc });
  provider = await startProvider(issuer, `${pages.url}/ops/sign-in/callback`);
});
afterAll(async () => {
  await pages?.stop();
  await provider?.stop();
});
beforeEach(() => {
  person = "ann";
  tampered = undefined;
});

async function startProvider(issuer: string, callback: string) {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  signing = privateKey;
  const configuration: Configuration = {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [callback] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "k", alg: "RS256", use: "sig" }] },
    cookies: { keys: ["cookie-key-of-the-tests"] },
    claims: { openid: ["sub"], groups: ["groups"] },
    scopes: ["openid", "groups"],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, groups: GROUPS[id] }) }),
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: CLIENT.id, accountId: ctx.oidc.session?.accountId ?? "" });
      grant.addOIDCScope("openid groups");
      await grant.save();
      return grant;
    },
  };
  const real = new Provider(issuer, configuration);
  real.use(async (ctx, next) => {
    await next();
    const body = ctx.body as { id_token?: string };
    if (!tampered || ctx.path !== "/token" || !body.id_token) return;
    const claims = JSON.parse(Buffer.from(body.id_token.split(".")[1] ?? "", "base64url").toString());
    ctx.body = { ...body, id_token: await tampered(claims) };
  });
  const handle = real.callback();
  const listener = (req: IncomingMessage, res: ServerResponse) =>
    req.url?.startsWith("/interaction/")
      ? void real.interactionFinished(req, res, { login: { accountId: person } })
      : void handle(req, res);
  return serveAt(Number(new URL(issuer).port), listener);
}

async function serveAt(port: number, listener: (req: IncomingMessage, res: ServerResponse) => void) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Begins at our page: where it sends the browser, and what the browser keeps. */
async function begin(to = "/ops/grafana/") {
  const answer = await pages.visit(`/ops/sign-in/provider?to=${encodeURIComponent(to)}`);
  expect(answer.status).toBe(303);
  return { location: new URL(answer.headers.get("location") ?? ""), browser: answer.cookies[BEGUN] ?? "" };
}

/** Signs in at the provider, as its browser would: the address that it sends back to us. */
async function atProvider(location: URL): Promise<string> {
  const jar: Record<string, string> = {};
  let url = location.href;
  for (let n = 0; n < 6 && !url.startsWith(pages.url); n++) {
    const cookie = Object.entries(jar).map(([name, value]) => `${name}=${value}`);
    const answer = await call(url, { headers: { cookie: cookie.join("; ") } });
    Object.assign(jar, answer.cookies);
    url = new URL(answer.headers.get("location") ?? "", url).href;
  }
  return url.slice(pages.url.length);
}

const comeBack = (path: string, browser: string): Promise<Answer> =>
  pages.visit(path, { headers: { cookie: `${BEGUN}=${browser}` } });

async function wholeWay(change: (location: URL) => void = () => {}): Promise<Answer> {
  const { location, browser } = await begin();
  change(location);
  return comeBack(await atProvider(location), browser);
}

const check = (cookies: Record<string, string>) =>
  pages.visit("/ops/check", { headers: { cookie: `${COOKIE}=${cookies[COOKIE]}` } });

test.each(["ann", "text"])("who has the claim is signed in and goes on to the page: %s", async (name) => {
  person = name;
  const { location, browser } = await begin("/ops/grafana/d/a?x=1");
  expect(Object.fromEntries(location.searchParams)).toMatchObject({
    response_type: "code",
    client_id: CLIENT.id,
    code_challenge_method: "S256",
    redirect_uri: `${pages.url}/ops/sign-in/callback`,
  });
  for (const name of ["state", "nonce", "code_challenge"])
    expect(location.searchParams.get(name)?.length).toBeGreaterThan(40);
  const answer = await comeBack(await atProvider(location), browser);
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('content="0; url=/ops/grafana/d/a?x=1"');
  expect(answer.cookies[BEGUN]).toBe("");
  const checked = await check(answer.cookies);
  expect([checked.status, checked.headers.get("x-operator")]).toEqual([204, `oidc%3A${name}`]);
});

test.each(["ben", "cid", "prefix"])("who lacks the claim or its value is refused: %s", async (name) => {
  person = name;
  const answer = await wholeWay();
  expect([answer.status, answer.cookies[COOKIE]]).toEqual([403, undefined]);
});

test("signing out ends the session that the provider's sign-in began", async () => {
  const { cookies } = await wholeWay();
  await pages.visit("/ops/sign-out", { method: "POST", headers: { cookie: `${COOKIE}=${cookies[COOKIE]}` } });
  expect((await check(cookies)).status).toBe(401);
});

test("an answer is good once, in the browser that began, and not without a beginning", async () => {
  const { location, browser } = await begin();
  const path = await atProvider(location);
  expect((await comeBack(path, browser)).status).toBe(200);
  const replayed = await comeBack(path, browser);
  expect([replayed.status, replayed.cookies[COOKIE]]).toEqual([401, undefined]);

  const other = await begin();
  const stolen = await atProvider(other.location);
  expect((await comeBack(stolen, browser)).status).toBe(401);
  // It is used up by the try.
  expect((await comeBack(stolen, other.browser)).status).toBe(401);
  expect((await comeBack("/ops/sign-in/callback?code=x&state=y", browser)).status).toBe(401);
});

test.each(["nonce", "code_challenge"])("another %s than we sent is refused", async (name) => {
  const answer = await wholeWay((location) => location.searchParams.set(name, "x".repeat(43)));
  expect([answer.status, answer.cookies[COOKIE]]).toEqual([502, undefined]);
});

const sign = (claims: JWTPayload, key = signing) =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "k" }).sign(key);

test.each<[string, (claims: JWTPayload) => Promise<string>, number]>([
  ["the same claims again, as the control", (claims) => sign(claims), 200],
  ["another audience", (claims) => sign({ ...claims, aud: "another" }), 502],
  ["another issuer", (claims) => sign({ ...claims, iss: "https://elsewhere.example" }), 502],
  ["a time that is over", (claims) => sign({ ...claims, iat: 1_000, exp: 1_100 }), 502],
  ["another key", async (claims) => sign(claims, (await generateKeyPair("RS256")).privateKey), 502],
  [
    "no signature",
    async (claims) =>
      `${[{ alg: "none" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`,
    502,
  ],
])("an ID token with %s", async (_name, change, status) => {
  tampered = change;
  const answer = await wholeWay();
  expect([answer.status, answer.cookies[COOKIE] !== undefined]).toEqual([status, status === 200]);
});

test("a place elsewhere is none to go on to", async () => {
  const { location, browser } = await begin("https://elsewhere.example/");
  const { text } = await comeBack(await atProvider(location), browser);
  expect(text).toContain('content="0; url=/ops"');
  expect(text).not.toContain("elsewhere");
});

test("a person who says no at the provider, and a provider that is away, leave one signed out", async () => {
  const { location, browser } = await begin();
  const state = location.searchParams.get("state");
  const no = await comeBack(`/ops/sign-in/callback?error=access_denied&state=${state}`, browser);
  expect([no.status, no.cookies[COOKIE]]).toEqual([502, undefined]);
  const settings = { clientId: "c", clientSecret: "s", scope: "openid", adminClaim: "groups", adminValues: ["a"] };
  const lonely = await startPages({ oidc: createOidc({ ...settings, issuer: "http://127.0.0.1:1" }) });
  expect((await lonely.visit("/ops/sign-in/provider")).status).toBe(502);
  await lonely.stop();
});
