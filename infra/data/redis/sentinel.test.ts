import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { find, freePorts } from "@media/service/test/programs";
import { tiers } from "../../config/tiers.ts";
import { settled } from "../settled.fixtures.ts";
import { redisSentinelPlan } from "./state.plan.ts";

/** A real Sentinel with the plan's configuration, and one as it was before: the scripts talk to both while they are rolled. */

const PASSWORD = "password-of-the-tests";
const MASTER = "127.0.0.1";
const folder = mkdtempSync(join(tmpdir(), "media-sentinel-"));
const running: ChildProcess[] = [];
let guarded: number;
let open: number;

beforeAll(async () => {
  [guarded, open] = await freePorts(2);
  const plan = redisSentinelPlan({ sizes: tiers.small.redisState, passwords: [PASSWORD] });
  const config = String(plan.files?.config?.data["sentinel.conf"])
    .replaceAll("@MASTER@", MASTER)
    .replaceAll("@PASSWORD@", PASSWORD);
  const user = /^user .*\n/m.exec(String(await settled(plan.secrets?.auth?.data["auth.conf"])))?.[0];
  writeFileSync(join(folder, "password"), PASSWORD);
  await start("guarded", guarded, `${user}${config}`);
  await start("open", open, config.replace(/^sentinel sentinel-pass .*\n/gm, ""));
}, 60_000);

afterAll(() => {
  for (const server of running) server.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function start(name: string, port: number, config: string): Promise<void> {
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, config.replace("port 26379", `port ${port}`).replace("dir /tmp", `dir ${folder}`));
  running.push(spawn(find("redis-server"), [file, "--sentinel"], { stdio: "ignore" }));
  for (let n = 0; n < 300 && !/PONG|NOAUTH/.test(ask(port, "ping")); n++) await sleep(50);
}

const ask = (port: number, ...question: string[]) => {
  const { stdout, stderr } = spawnSync(find("redis-cli"), ["-p", String(port), ...question], { encoding: "utf8" });
  return stdout + stderr;
};

/** As the scripts of the pods ask. */
function masterBy(port: number, password = PASSWORD): string {
  const script = join(folder, "names.sh");
  const text = readFileSync(new URL("names.sh", import.meta.url), "utf8")
    .replace("redis-state-sentinel 26379", `127.0.0.1 ${port}`)
    .replace("/run/secrets/redis/password", join(folder, "given"));
  writeFileSync(join(folder, "given"), password);
  writeFileSync(script, text);
  chmodSync(script, 0o755);
  return execFileSync("bash", ["-c", `. ${script}; master_by_sentinel`], { encoding: "utf8" }).trim();
}

test("it answers only those who have the password: another master cannot be set without it", () => {
  expect(ask(guarded, "sentinel", "get-master-addr-by-name", "state")).toContain("NOAUTH");
  expect(ask(guarded, "sentinel", "monitor", "other", "127.0.0.1", "1", "1")).toContain("NOAUTH");
  expect(masterBy(guarded)).toBe(MASTER);
});

test("with another password the scripts learn nothing, and take no error for a name", () => {
  expect(masterBy(guarded, "another")).toBe("");
});

test("an error for an answer is a failure: a failover that cannot be is not waited for", () => {
  // It knows no replica that could become the master.
  const failover = spawnSync("bash", ["-c", `. ${join(folder, "names.sh")}; sentinel failover state`]);
  expect(failover.status).not.toBe(0);
});

test("the control: a Sentinel without a password answers all, the scripts too", () => {
  expect(ask(open, "sentinel", "get-master-addr-by-name", "state")).toContain(MASTER);
  expect(masterBy(open)).toBe(MASTER);
});
