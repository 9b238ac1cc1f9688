import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { find, freePorts } from "@media/service/test/programs";
import { tiers } from "../../config/tiers.ts";
import { settled } from "../settled.fixtures.ts";
import { redisSecrets } from "./exporter.plan.ts";
import { redisSentinelPlan } from "./state.plan.ts";

/** Real servers with the secrets of each step of a rotation: what they accept, and how members of two steps go together. */

const [OLD, NEW] = ["the-old-password", "the-new-password"];
/** Passwords by step, the one that is used first. */
const STEPS = { before: [OLD], accepted: [OLD, NEW], used: [NEW, OLD], alone: [NEW] };
type Step = keyof typeof STEPS;
type Server = Step | "sentinel" | "alive";

const folder = mkdtempSync(join(tmpdir(), "media-rotation-"));
const running: ChildProcess[] = [];
const ports = {} as Record<Server, number>;

const secretsOf = async (step: Step) => String(await settled(redisSecrets(STEPS[step]).auth.data["auth.conf"]));

beforeAll(async () => {
  const [before, accepted, used, alone, sentinel] = await freePorts(5);
  Object.assign(ports, { before, accepted, used, alone, sentinel });
  for (const step of Object.keys(STEPS) as Step[]) {
    writeFileSync(join(folder, `${step}-auth.conf`), await secretsOf(step));
    const config = [
      `include ${folder}/${step}-auth.conf`,
      `port ${ports[step]}`,
      `dir ${folder}`,
      'save ""',
      "repl-diskless-sync-delay 0",
    ];
    await start(step, config.join("\n"));
  }
}, 60_000);

afterAll(() => {
  for (const server of running) server.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function start(name: Server, config: string, ...more: string[]): Promise<ChildProcess> {
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, `${config}\n`);
  return launch(name, file, ...more);
}

async function launch(name: Server, file: string, ...more: string[]): Promise<ChildProcess> {
  const server = spawn(find("redis-server"), [file, ...more], { stdio: "ignore" });
  running.push(server);
  for (let n = 0; n < 300 && !/PONG|NOAUTH/.test(ask(name, undefined, "ping")); n++) await sleep(50);
  return server;
}

function ask(name: Server, password: string | undefined, ...question: string[]): string {
  const env = { ...process.env, ...(password ? { REDISCLI_AUTH: password } : {}) };
  const found = spawnSync(find("redis-cli"), ["-p", String(ports[name]), ...question], { encoding: "utf8", env });
  return found.stdout + found.stderr;
}

const accepts = (name: Server, password: string) => ask(name, password, "ping").trim() === "PONG";

describe("a server", () => {
  test.each([
    ["before", true, false],
    ["accepted", true, true],
    ["used", true, true],
    ["alone", false, true],
  ] as const)("of the step %s accepts the old one: %s, the new one: %s", (step, old, fresh) => {
    expect([accepts(step, OLD), accepts(step, NEW)]).toEqual([old, fresh]);
    expect(ask(step, undefined, "ping")).toContain("NOAUTH");
    expect(accepts(step, "another")).toBe(false);
  });
});

/** Whether a replica of one step, with what it has for its master, follows a master of another. */
async function follows(replica: Step, master: Step): Promise<boolean> {
  const password = STEPS[replica][0];
  ask(replica, password, "replicaof", "127.0.0.1", String(ports[master]));
  for (let n = 0; n < 40; n++) {
    if (ask(replica, password, "info", "replication").includes("master_link_status:up")) break;
    await sleep(50);
  }
  const up = ask(replica, password, "info", "replication").includes("master_link_status:up");
  ask(replica, password, "replicaof", "no", "one");
  return up;
}

describe("members that a rollout has and has not reached yet follow each other", () => {
  test.each([
    ["accepted", "before"],
    ["before", "accepted"],
    ["used", "accepted"],
    ["accepted", "used"],
    ["alone", "used"],
    ["used", "alone"],
  ] as const)("%s after %s", async (replica, master) => {
    expect(await follows(replica, master)).toBe(true);
  });

  test("the control: without the steps between, the new ones and the old ones do not", async () => {
    expect(await follows("alone", "before")).toBe(false);
    expect(await follows("before", "alone")).toBe(false);
  }, 120_000);
});

test("a Sentinel accepts both, also after it has rewritten its file and was started again", async () => {
  const plan = redisSentinelPlan({ sizes: tiers.small.redisState, passwords: STEPS.accepted });
  const user = /^user .*$/m.exec(await secretsOf("accepted"))?.[0];
  const config = String(plan.files?.config?.data["sentinel.conf"])
    .replace(/^port .*$/m, `port ${ports.sentinel}`)
    .replace(/^dir .*$/m, `dir ${folder}`)
    .replace(/@MASTER@ \d+/, `127.0.0.1 ${ports.accepted}`)
    .replaceAll("@PASSWORD@", OLD);
  const first = await start("sentinel", `${user}\n${config}`, "--sentinel");
  const both = () => [OLD, NEW, "another"].map((password) => accepts("sentinel", password));
  expect(both()).toEqual([true, true, false]);
  expect(ask("sentinel", NEW, "sentinel", "flushconfig").trim()).toBe("OK");
  first.kill("SIGKILL");
  await launch("sentinel", join(folder, "sentinel.conf"), "--sentinel");
  expect(both()).toEqual([true, true, false]);
  expect(ask("sentinel", OLD, "sentinel", "master", "state")).toContain(String(ports.accepted));
}, 120_000);

describe("a server that runs", () => {
  const mounted = join(folder, "mounted");
  const mount = async (step: Step) => {
    mkdirSync(mounted, { recursive: true });
    writeFileSync(join(mounted, "password"), STEPS[step][0] ?? "");
    writeFileSync(join(mounted, "auth.conf"), await secretsOf(step));
  };
  /** The script as the container has it; only folder, pace and the Sentinel's port are the test's. */
  async function takeOver(port: number, sentinelPort = 26379): Promise<ChildProcess> {
    const script = readFileSync(new URL("passwords.sh", import.meta.url), "utf8")
      .replace("/run/secrets/redis", mounted)
      .replace("round_seconds=5", "round_seconds=0.1")
      .replaceAll("26379", String(sentinelPort));
    const child = spawn("bash", ["-c", script, "passwords.sh", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
    running.push(child);
    await heard(child);
    return child;
  }
  const heard = (child: ChildProcess) => once(child.stdout as NodeJS.ReadableStream, "data");

  test("takes over each step without a restart, and an open connection stays", async () => {
    const [port] = await freePorts(1);
    ports.alive = port;
    await mount("before");
    await start("alive", [`include ${mounted}/auth.conf`, `port ${port}`, `dir ${folder}`, 'save ""'].join("\n"));
    const started = ask("alive", OLD, "info", "server").match(/process_id:\d+/)?.[0];
    const open = connect(port, "127.0.0.1");
    const says = async (text: string) => {
      open.write(`${text}\r\n`);
      return String((await once(open, "data"))[0]);
    };
    expect(await says(`auth ${OLD}`)).toBe("+OK\r\n");
    const script = await takeOver(port);
    const found = [];
    for (const step of ["accepted", "used", "alone"] as const) {
      await mount(step);
      await heard(script);
      found.push([
        accepts("alive", OLD),
        accepts("alive", NEW),
        ask("alive", NEW, "config", "get", "masterauth").includes(OLD),
      ]);
    }
    expect(found).toEqual([
      [true, true, true],
      [true, true, false],
      [false, true, false],
    ]);
    expect(await says("ping")).toBe("+PONG\r\n");
    open.destroy();
    expect(ask("alive", NEW, "info", "server")).toContain(started);
    script.kill("SIGKILL");
  }, 120_000);

  test("a Sentinel shows members and other Sentinels the new one too", async () => {
    await mount("accepted");
    const script = await takeOver(ports.sentinel, ports.sentinel);
    await mount("used");
    await heard(script);
    expect(ask("sentinel", OLD, "sentinel", "config", "get", "sentinel-pass")).toContain(NEW);
    ask("sentinel", NEW, "sentinel", "flushconfig");
    expect(readFileSync(join(folder, "sentinel.conf"), "utf8")).toContain(`sentinel auth-pass state ${NEW}`);
    script.kill("SIGKILL");
  }, 120_000);

  test("a change without the steps between is taken over too, from the last password", async () => {
    await mount("alone");
    const script = await takeOver(ports.before);
    await sleep(300);
    script.kill("SIGKILL");
    // The control: a script that begins with the new one alone is refused, and changes nothing.
    expect(accepts("before", OLD)).toBe(true);
    await mount("before");
    const second = await takeOver(ports.before);
    await mount("alone");
    await heard(second);
    expect([accepts("before", OLD), accepts("before", NEW)]).toEqual([false, true]);
    second.kill("SIGKILL");
  }, 120_000);
});

test("the script that starts a Sentinel gives it the user of the members", () => {
  const script = new URL("start-sentinel.sh", import.meta.url).pathname;
  expect(execFileSync("cat", [script], { encoding: "utf8" })).toContain("grep '^user ' /run/secrets/redis/auth.conf");
});
