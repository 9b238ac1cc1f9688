import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, loadConfig } from "../src/process/config.ts";
import { migrate } from "../src/processes/migrate.ts";
import { getAs, postAs } from "./calls.ts";
import { DEV_TOKEN, type Platform, readableLog, startPlatform } from "./platform.ts";

let platform: Platform;
const { log, lines } = readableLog("api");

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.stop());

function named(content: string): Record<string, string> {
  const file = join(platform.servers.folder, "first-admin");
  writeFileSync(file, `${content}\n`);
  return { FIRST_ADMIN_FILE: file };
}
const start = (content: string) => migrate(loadConfig("migrate", platform.env(named(content))), log);
const users = () => platform.sql("SELECT email, role, password_hash FROM users ORDER BY email");
const login = (port: number, email: string, password: string) =>
  postAs(port, "", "/api/v1/auth/login", { email, password });

test("several processes that start at once make one administrator, who can sign in and manage users", async () => {
  const env = { ...named("Root@Example.org:a pass:word of length"), DEV_TOKEN_FILE: "" };
  const [api] = await Promise.all([platform.api(env, { log }), platform.api(env), platform.api(env)]);
  expect(await users()).toEqual([expect.objectContaining({ email: "root@example.org", role: "admin" })]);
  const { body } = await login(api.httpPort, "root@example.org", "a pass:word of length");
  expect(await getAs(api.httpPort, body.accessToken, "/api/v1/admin/users")).toMatchObject({ status: 200 });
  // The control: the dev token, by which it had to be done before, is nothing here.
  expect(await getAs(api.httpPort, DEV_TOKEN, "/api/v1/admin/users")).toMatchObject({ status: 401 });
});

test("where there is an administrator nothing is changed, whatever the file says", async () => {
  const before = await users();
  await start("root@example.org:another password");
  await start("other@example.org:another password");
  expect(await users()).toEqual(before);
});

test("a registered account is not promoted, and the log says what to do", async () => {
  await platform.sql("UPDATE users SET role = 'user'");
  const before = await users();
  await start("root@example.org:another password");
  expect(await users()).toEqual(before);
  const advice = { level: "error", msg: expect.stringContaining("name another") };
  expect(lines).toContainEqual(expect.objectContaining(advice));
  await start("second@example.org:another password");
  expect(await users()).toEqual([...before, expect.objectContaining({ email: "second@example.org", role: "admin" })]);
});

test.each([
  "root@example.org",
  "root@example.org:short",
  "root:long enough password",
  "root@localhost:long enough",
  "a:b@c.d:long enough",
])("%p is refused when the process starts", (content) => {
  const read = () => loadConfig("api", platform.env(named(content)));
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/FIRST_ADMIN_FILE: names .* must hold address:password/);
  expect(read).not.toThrow(/long enough|short/);
});

test("neither address nor password is in the log", () => {
  expect(JSON.stringify(lines)).toContain("the first administrator was made");
  expect(JSON.stringify(lines)).not.toMatch(/example\.org|pass:word|another password/);
});
