import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { configOf } from "./config.ts";
import { REPO } from "./planted.fixtures.ts";
import { runRenderer } from "./renderer.ts";
import { linkPackages } from "./trees.ts";

/** The command as a pipeline runs it, on a checkout of its own. */
const tree = realpathSync(mkdtempSync(join(tmpdir(), "media-checkout-")));
const git = (...args: string[]) =>
  execFileSync("git", ["-C", tree, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

beforeAll(() => {
  const files = execFileSync("git", ["-C", REPO, "ls-files", "-co", "--exclude-standard"], { encoding: "utf8" });
  const there = files.split("\n").filter((file) => file && existsSync(join(REPO, file)));
  const packed = execFileSync("tar", ["-C", REPO, "-T", "-", "-c"], { input: there.join("\n"), maxBuffer: 2 ** 28 });
  execFileSync("tar", ["-C", tree, "-x"], { input: packed });
  git("init", "--quiet", "--initial-branch", "main");
  git("add", "--all");
  git("commit", "--quiet", "--message", "base");
  linkPackages(REPO, tree);
}, 60_000);
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function report(...args: string[]) {
  return reportWith({}, ...args);
}

function reportWith(variables: Record<string, string>, ...args: string[]) {
  const out = join(tree, ".report.md");
  rmSync(out, { force: true });
  const command = [join(REPO, "infra/preview/main.ts"), "--base", "main", "--tree", tree, "--out", out, ...args];
  const { status, stderr } = spawnSync(process.execPath, command, {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", ...variables },
  });
  return { status, stderr, text: existsSync(out) ? readFileSync(out, "utf8") : undefined };
}

/** Changes a file of the checkout until the test ends. */
function edit(file: string, change: (text: string) => string): void {
  const path = join(tree, file);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}
const addConfig = (stack: string, lines: string) =>
  edit(`Pulumi.${stack}.yaml`, (text) => text.replace("config:\n", `config:\n${lines}`));

test("a checkout without a change: exit 0, and nothing changes", () => {
  const { status, text, stderr } = report("--stack", "base");
  expect([status, stderr]).toEqual([0, ""]);
  expect(text).toContain("Nothing would change in any stack.");
}, 60_000);

describe("bad stack files, one of each kind", () => {
  let found: ReturnType<typeof report>;
  beforeAll(() => {
    edit("Pulumi.base.yaml", (text) => text.replace(/backupStoreTenants: .*/, "backupStoreTenants: everyone"));
    addConfig("dev", "  media-platform:images: { pinned: { loki: docker.io/grafana/loki:latest } }\n");
    addConfig("staging", `  media-platform:certificates: { notAfter: "${day(20)}" }\n`);
    addConfig("perf", `  media-platform:certificates: { notAfter: "${day(-1)}" }\n`);
    addConfig("prod", "  media-platform:alerts: { pagerduty: { routingKey: hunter2hunter2hunter2 } }\n");
    found = report();
  }, 120_000);
  afterAll(() => void git("checkout", "--quiet", "."));

  const stopOf = (stack: string) => found.stderr.split("error: ").filter((stop) => stop.includes(`(${stack})`));

  test.each([
    ["a key of the wrong type", "base", /not built: this branch .*media-platform:backupStoreTenants/s],
    ["an image by tag latest", "dev", /images\.pinned\.loki: must be a reference by digest; for example/],
    [
      "a certificate that expires soon",
      "staging",
      /policy certificate-is-valid .*expires on .*Write instead: renew it/,
    ],
    ["a certificate that has expired", "perf", /not built: this branch .*notAfter: has passed: set a later date/s],
    [
      "a secret in plain text",
      "prod",
      /stack file .*alerts\.pagerduty\.routingKey in plain text.*pulumi config set --secret/,
    ],
  ])("%s is told, with what to write", (_, stack, words) => {
    expect(stopOf(stack).join("")).toMatch(words);
  });

  test("the report exits with 1, has a part of no broken stack, and no credential", () => {
    expect(found.status).toBe(1);
    for (const stack of ["base", "dev", "perf"]) expect(found.text).not.toContain(`\n| ${stack} |`);
    for (const stack of ["staging", "prod", "dr"]) expect(found.text).toContain(`\n| ${stack} |`);
    expect(found.text + found.stderr).not.toContain("hunter2");
  });
});

test("a base branch that does not build: exit 1, by name, and no comparison of that stack", () => {
  edit("infra/index.ts", (text) => `import "./nothing.ts";\n${text}`);
  git("commit", "--quiet", "--all", "--message", "broken");
  edit("infra/index.ts", (text) => text.replace('import "./nothing.ts";\n', ""));
  const { status, text, stderr } = report("--stack", "base");
  expect(status).toBe(1);
  expect(stderr).toMatch(/error: not built: the base \(main at \w+\) \(base\): .*nothing\.ts/);
  expect(text).not.toContain("\n| base |");
}, 60_000);

test("against a state: the owner's own configuration is taken, and only what is not deployed differs", async () => {
  const overlayFolder = join(tree, ".overlay");
  const states = join(tree, ".states");
  for (const folder of [overlayFolder, states]) mkdirSync(folder);
  const own = { kubernetes: { context: "mine" }, images: { registry: "registry.example.com/media" } };
  writeFileSync(join(overlayFolder, "base.json"), JSON.stringify(own));
  const source = { tree, stack: "base" };
  const deployed = await runRenderer(source, { config: configOf(tree, "base", false).engine, overlayFolder });
  if ("errors" in deployed) throw new Error(deployed.errors);
  const resources = deployed.resources.map((one) => ({
    ...one,
    urn: `urn:pulumi:base::m::t::${one.name}`,
    custom: true,
  }));
  const write = (list: object[]) =>
    writeFileSync(join(states, "base.json"), JSON.stringify({ deployment: { resources: list } }));
  const run = () => reportWith({ MEDIA_CONFIG_OVERLAY: overlayFolder }, "--stack", "base", "--state", states);

  write(resources);
  const same = run();
  expect([same.status, same.stderr]).toEqual([0, ""]);
  expect(same.text).toContain("Nothing would change in any stack.");
  expect(same.text).toContain("Stack base is compared with its state.");

  write(resources.filter(({ name, type }) => !(name === "backup-store" && type.endsWith(":Service"))));
  expect(run().text).toContain("### Created\n- Service backup-store (base)");
}, 60_000);

test.each([
  ["a base that is not there", ["--base", "no-such-branch"], "there is no branch no-such-branch"],
  ["a folder without a state", ["--state", "/nonexistent"], "/nonexistent has no state of base"],
])("%s: exit 2, and no report at all", (_, args, words) => {
  const { status, text, stderr } = report("--stack", "base", ...args);
  expect([status, text]).toEqual([2, undefined]);
  expect(stderr).toContain(words);
});
