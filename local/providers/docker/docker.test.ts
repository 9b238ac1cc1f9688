import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import { type Props, secret, UNKNOWN } from "../lib/values.ts";
import { contextDigest, listContext, mayMatchBelow } from "./context.ts";
import { buildArgs, diffImage, registryOf, repositoryOf } from "./image.ts";
import { DockerProvider } from "./provider.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const folders: string[] = [];
function folder(files: { [path: string]: string }): string {
  const root = mkdtempSync(join(tmpdir(), "docker-test-"));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
afterAll(() => {
  for (const root of folders) rmSync(root, { recursive: true, force: true });
});

const FILES = { Dockerfile: "FROM x", "src/a.ts": "1", "node_modules/m/index.js": "2", "README.md": "3" };
const digestOf = (root: string) => contextDigest(root, join(root, "Dockerfile"));

describe("the digest of a context", () => {
  test("is that of the content, not of the place or the time", async () => {
    expect(await digestOf(folder(FILES))).toBe(await digestOf(folder(FILES)));
  });

  test.each([
    ["a file's text", (root: string) => writeFileSync(join(root, "src/a.ts"), "changed")],
    ["a new file", (root: string) => writeFileSync(join(root, "src/b.ts"), "")],
    ["a file that became executable", (root: string) => chmodSync(join(root, "src/a.ts"), 0o755)],
    ["a link's target", (root: string) => symlinkSync("a.ts", join(root, "src/link"))],
    ["the Dockerfile", (root: string) => writeFileSync(join(root, "Dockerfile"), "FROM y")],
  ])("changes with %s", async (_, change) => {
    const root = folder({ ...FILES, ".dockerignore": "Dockerfile\n" });
    const before = await digestOf(root);
    change(root);
    expect(await digestOf(root)).not.toBe(before);
  });

  test("does not change with what .dockerignore leaves out", async () => {
    const root = folder({ ...FILES, ".dockerignore": "node_modules\n*.md\n" });
    const before = await digestOf(root);
    writeFileSync(join(root, "node_modules/m/index.js"), "changed");
    writeFileSync(join(root, "README.md"), "changed");
    expect(await digestOf(root)).toBe(before);
  });

  test.each([
    ["nothing is left out", [], ["Dockerfile", "README.md", "node_modules/m/index.js", "src/a.ts"]],
    ["folders, globs and comments", ["# no", "node_modules", "**/*.md"], ["Dockerfile", "src/a.ts"]],
    ["all but some", ["*", "!src"], ["src/a.ts"]],
    [
      "an exception below an ignored folder",
      ["node_modules", "!node_modules/m"],
      ["Dockerfile", "README.md", "node_modules/m/index.js", "src/a.ts"],
    ],
  ])("%s", (_, patterns, expected) => {
    expect(listContext(folder(FILES), patterns)).toEqual(expected);
  });

  test.each([
    ["src", "node_modules", false],
    ["node_modules/m", "node_modules", true],
    ["node_modules", "node_modules/m", true],
    ["**/m", "node_modules", true],
    ["n*/m", "node_modules", true],
    ["a/b", "a/c", false],
  ])("an exception %s may match in %s: %p", (pattern, name, expected) => {
    expect(mayMatchBelow(pattern, name)).toBe(expected);
  });

  test("a context that is not there is named", async () => {
    await expect(contextDigest("/nowhere", "/nowhere/Dockerfile")).rejects.toThrow(
      "build.context: /nowhere is not a folder",
    );
  });
});

describe("image", () => {
  const built = (build: Props, more: Props = {}): Props => ({
    imageName: "r:5000/a",
    build: { contextDigest: "1", ...build },
    ...more,
  });
  test.each([
    ["nothing", built({}), built({}), []],
    ["the digest", built({}), built({ contextDigest: "2" }), ["build.contextDigest"]],
    ["an argument", built({ args: { a: "1" } }), built({ args: { a: "2" } }), ["build.args"]],
    ["another checkout of the same", built({ context: "/a" }), built({ context: "/b" }), []],
    ["a password", built({}, { registry: { password: "a" } }), built({}, { registry: { password: "b" } }), []],
    ["the name", built({}), built({}, { imageName: "r:5000/b" }), ["imageName"]],
    ["skipPush set to its default", built({}), built({}, { skipPush: false }), []],
  ])("differs by %s", (_, olds, news, expected) => {
    expect(Object.keys(diffImage(olds, news, []).detailed)).toEqual(expected);
  });

  test("the command names everything that was asked for, in one order", () => {
    const build = {
      context: "c",
      dockerfile: "c/D",
      target: "t",
      platform: "linux/amd64",
      network: "host",
      args: { b: "2", a: "1" },
      addHosts: ["h:1"],
    };
    expect(buildArgs({ imageName: "n", build }).join(" ")).toBe(
      "build --tag n --file c/D --platform linux/amd64 --target t --network host --add-host h:1 --build-arg a=1 --build-arg b=2 c",
    );
  });

  test.each([
    ["127.0.0.1:5000/media/service:1", "127.0.0.1:5000/media/service", "127.0.0.1:5000"],
    ["127.0.0.1:5000/service", "127.0.0.1:5000/service", "127.0.0.1:5000"],
    ["ghcr.io/a/b:x", "ghcr.io/a/b", "ghcr.io"],
    ["library/nginx", "library/nginx", "docker.io"],
    ["nginx:1", "nginx", "docker.io"],
  ])("%s is of repository %s at %s", (name, repository, registry) => {
    expect([repositoryOf(name), registryOf(name)]).toEqual([repository, registry]);
  });
});

/** A docker command that notes how it was called. */
const FAKE = `#!/bin/sh
echo "$DOCKER_BUILDKIT $*" >> "$FAKE_LOG"
case "$1" in
  version) [ -z "$FAKE_DOWN" ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }; echo 20.10 ;;
  buildx) exit 1 ;;
  build) [ -z "$FAKE_BROKEN" ] || { echo "Step 2/3 : RUN false"; exit 1; } ;;
  push) cat "$DOCKER_CONFIG/config.json" >> "$FAKE_LOG" 2>/dev/null; echo "latest: digest: ${DIGEST} size: 1" ;;
  image) echo sha256:local ;;
esac`;

describe("the provider, on a docker of its own", () => {
  const silent: Log = { say: () => {}, status: () => {} };
  const target = { urn: "urn", type: "docker:index/image:Image", name: "x" };
  const path = process.env.PATH;
  let log = "";
  let context = "";
  const calls = () => readFileSync(log, "utf8").trim().split("\n");

  beforeAll(() => {
    const root = folder({ docker: FAKE, "context/Dockerfile": "FROM x" });
    chmodSync(join(root, "docker"), 0o755);
    [log, context] = [join(root, "log"), join(root, "context")];
    process.env.PATH = `${root}:${path}`;
    process.env.FAKE_LOG = log;
  });
  afterEach(() => {
    rmSync(log, { force: true });
    delete process.env.FAKE_DOWN;
    delete process.env.FAKE_BROKEN;
  });
  afterAll(() => {
    process.env.PATH = path;
    delete process.env.FAKE_LOG;
  });

  const checked = async (more: Props = {}): Promise<Props> => {
    const news: Props = { imageName: "127.0.0.1:5000/a:1", build: { context }, ...more };
    const { inputs } = await new DockerProvider(silent).check({
      ...target,
      olds: undefined,
      news,
      randomSeed: new Uint8Array(),
    });
    return inputs;
  };
  const create = (properties: Props, preview = false) =>
    new DockerProvider(silent).create({ ...target, properties, timeout: 0, preview });

  test("builds with the builder there is, pushes, and answers the digest", async () => {
    const { id, properties } = await create(await checked());
    expect(id).toBe("sha256:local");
    expect(properties).toMatchObject({
      repoDigest: `127.0.0.1:5000/a@${DIGEST}`,
      imageName: "127.0.0.1:5000/a:1",
      registryServer: "127.0.0.1:5000",
    });
    expect(calls().filter((call) => / (build|push) /.test(call))).toEqual([
      expect.stringMatching(/^0 build --tag 127\.0\.0\.1:5000\/a:1 /),
      " push 127.0.0.1:5000/a:1",
    ]);
  });

  test("skipPush answers the local id", async () => {
    const { properties } = await create(await checked({ skipPush: true }));
    expect(properties.repoDigest).toBe("sha256:local");
    expect(calls().some((call) => call.includes("push"))).toBe(false);
  });

  test("credentials reach docker by a file, not by arguments", async () => {
    await create(await checked({ registry: { server: "r", username: "u", password: secret("hidden") } }));
    expect(calls().some((call) => call.includes("hidden"))).toBe(false);
    expect(readFileSync(log, "utf8")).toContain(Buffer.from("u:hidden").toString("base64"));
  });

  test("a preview builds nothing and does not know the digest", async () => {
    const { id, properties } = await create(await checked(), true);
    expect([id, properties.repoDigest, properties.imageName]).toEqual(["", UNKNOWN, "127.0.0.1:5000/a:1"]);
    expect(calls).toThrow();
  });

  test("an unknown context is judged later", async () => {
    expect((await checked({ build: { context: UNKNOWN } })).build).toMatchObject({ contextDigest: UNKNOWN });
  });

  test.each([
    [
      "FAKE_DOWN",
      "does not answer: Cannot connect to the Docker daemon\nStart it, or name another one with DOCKER_HOST",
    ],
    ["FAKE_BROKEN", "docker build failed (1):\nStep 2/3 : RUN false"],
  ])("%s is told with what was said", async (fault, expected) => {
    const properties = await checked();
    process.env[fault] = "1";
    await expect(create(properties)).rejects.toThrow(expected);
  });

  test("what it does not have is refused by name", async () => {
    const request = {
      ...target,
      type: "docker:index/container:Container",
      olds: undefined,
      news: {},
      randomSeed: new Uint8Array(),
    };
    await expect(new DockerProvider(silent).check(request)).rejects.toThrow("which has Image and RegistryImage");
  });

  describe("RegistryImage", () => {
    const registryImage = { ...target, type: "docker:index/registryImage:RegistryImage" };
    const provider = new DockerProvider(silent);
    const pushed: Props = { name: "127.0.0.1:5000/a:1" };
    const created = (properties: Props, preview = false) =>
      provider.create({ ...registryImage, properties, timeout: 0, preview });
    const differs = async (olds: Props, news: Props, ignoreChanges: string[] = []) =>
      (await provider.diff({ ...registryImage, id: DIGEST, olds, news, oldInputs: olds, ignoreChanges })).detailed;

    test("pushes what the daemon has, builds nothing, and answers the digest", async () => {
      expect(await created(pushed)).toEqual({ id: DIGEST, properties: { ...pushed, sha256Digest: DIGEST } });
      expect(calls().some((call) => call.includes(" build "))).toBe(false);
    });

    test("a preview pushes nothing and does not know the digest", async () => {
      expect((await created(pushed, true)).properties.sha256Digest).toBe(UNKNOWN);
      expect(calls).toThrow();
    });

    test("its credentials reach docker by a file", async () => {
      const authConfig = { address: "https://127.0.0.1:5000", username: "u", password: "hidden" };
      await created({ ...pushed, authConfig });
      expect(readFileSync(log, "utf8")).toContain(
        `"127.0.0.1:5000":{"auth":"${Buffer.from("u:hidden").toString("base64")}"}`,
      );
    });

    test("a name or a trigger makes it anew, credentials do not", async () => {
      expect(await differs(pushed, { ...pushed, authConfig: { password: "new" } })).toEqual({});
      expect(await differs(pushed, { name: "other" })).toEqual({ name: { kind: "update", replace: true } });
      const triggers = { built: "2" };
      expect(await differs(pushed, { ...pushed, triggers })).toEqual({ triggers: { kind: "add", replace: true } });
      expect(await differs(pushed, { ...pushed, triggers }, ["triggers"])).toEqual({});
    });

    test("a missing name and its own build are refused, with what to use instead", async () => {
      const request = { ...registryImage, olds: undefined, news: { build: {} }, randomSeed: new Uint8Array() };
      expect((await provider.check(request)).failures).toEqual([
        { property: "name", reason: "name is required" },
        { property: "build", reason: expect.stringContaining("docker.Image instead") },
      ]);
    });

    test("a daemon that is away is told by what to do", async () => {
      process.env.FAKE_DOWN = "1";
      await expect(created(pushed)).rejects.toThrow("Start it, or name another one with DOCKER_HOST");
    });
  });
});
