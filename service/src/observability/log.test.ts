import { createLogger } from "./log.ts";

function logger(secrets = {}) {
  const lines: string[] = [];
  const config = { process: "api", SERVICE_VERSION: "1.0.0", LOG_LEVEL: "info", secrets } as const;
  return { log: createLogger(config, { write: (line) => void lines.push(line) }), lines };
}

/** One of each kind; none of it may be in any line. */
const SECRETS = {
  password: "hunter2-hunter2",
  token: "opaque-token-1234",
  jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl",
  key: "api-key-abcdef",
  cookie: "session-cookie-5678",
  email: "ann.smith+films@mail.example.org",
};
const clean = (lines: string[]) => {
  for (const line of lines) for (const secret of Object.values(SECRETS)) expect(line).not.toContain(secret);
  return lines.map((line) => JSON.parse(line));
};

test("lines say who speaks, and those below the level are not written", () => {
  const { log, lines } = logger();
  log.info("hello");
  log.debug("too quiet");
  expect(clean(lines)).toEqual([
    expect.objectContaining({ level: "info", service: "media-api", version: "1.0.0", msg: "hello" }),
  ]);
});

const { password, token, jwt, key, cookie, email } = SECRETS;
test.each([
  ["a field", { password, token, key, cookie, email }],
  [
    "fields far down, lists and other spellings",
    { a: { b: { c: { d: { Password: [password, password] } } }, api_key: key } },
  ],
  ["headers", { req: { headers: { authorization: `Bearer ${token}`, cookie, "set-cookie": cookie } } }],
  ["keys of the upstreams", { headers: { "x-api-key": key, "x-plex-token": token } }],
  ["an account", { user: { email, passwordHash: password }, tokens: { accessToken: jwt, refreshToken: token } }],
  ["configuration", { config: { apiKey: key, secret: password, accessKey: key, secretKey: key } }],
])("secrets in %s are not written", (_name, object) => {
  const { log, lines } = logger();
  log.info(object, "hello");
  expect(lines).toHaveLength(1);
  clean(lines);
  expect(lines[0]).toContain("[redacted]");
});

const addresses = `redis://user:${password}@redis:6379`;
test("a body quoted in a message keeps its secrets too", () => {
  const { log, lines } = logger();
  log.info(`cannot parse ${JSON.stringify({ name: "Ann", password, tokens: { refresh_token: token } })}`);
  expect(clean(lines)[0].msg).toContain('"name":"Ann"');
});

test.each([
  ["a bearer token", `refused Bearer ${token}`],
  ["basic credentials", `Authorization: Basic ${Buffer.from(`a:${password}`).toString("base64")}`],
  ["a JSON web token", `cannot verify ${jwt}`],
  ["an address with a password", `cannot connect to ${addresses}`],
  ["a key in a query", `GET https://youtube.example/v3?part=id&key=${key}&x=1 and X-Plex-Token=${token}`],
  ["an e-mail address", `no account ${email}, sorry`],
])("nor %s in a message or an error's stack and causes", (_name, message) => {
  const { log, lines } = logger();
  log.info(message);
  log.error({ err: new Error("outer", { cause: new Error(message) }) }, "failed");
  log.error({ err: new AggregateError([new Error(message)], "both") }, "failed");
  const basic = Buffer.from(`a:${password}`).toString("base64");
  expect(lines.join()).not.toContain(basic);
  const [plain, error] = clean(lines);
  expect(plain.msg).toContain("[redacted]");
  expect(error.err.causes[0].message).toContain("[redacted]");
});

test("nor the process's own secrets, whatever they look like", () => {
  const { log, lines } = logger({ PGPASSWORD_FILE: "plain words" });
  log.warn({ sql: "… PASSWORD 'plain words'" }, "plain words");
  expect(lines[0]).not.toContain("plain words");
});

test("of an error what libraries hang on it is left out", () => {
  const { log, lines } = logger();
  const detail = `Key (email)=(${email}) already exists.`;
  const command = { name: "auth", args: [password] };
  log.error({ err: Object.assign(new RangeError("duplicate key"), { code: "23505", detail, command }) }, "failed");
  const [{ err }] = clean(lines);
  expect(Object.keys(err).sort()).toEqual(["code", "message", "stack", "type"]);
  expect(err).toMatchObject({ type: "RangeError", message: "duplicate key", code: "23505" });
});

test("the control: what is no secret stays", () => {
  const { log, lines } = logger();
  const stack = "Error: x\n    at file:///app/node_modules/@scope/pkg/x.js:1:2\n    at pg@8.23.1";
  log.info({ route: "/api/v1/requests/:id", keys: 3, tokens: 7, url: "http://tmdb:80/3/movie/603?language=en" }, stack);
  expect(lines[0]).not.toContain("[redacted]");
});
