import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import { type Props, secret, UNKNOWN } from "../lib/values.ts";
import { folder } from "./folders.ts";
import { DockerProvider } from "./provider.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

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
  const { PATH: path, DOCKER_BUILDKIT: buildkit } = process.env;
  let log = "";
  let context = "";
  const calls = () => readFileSync(log, "utf8").trim().split("\n");

  beforeAll(() => {
    const root = folder({ docker: FAKE, "context/Dockerfile": "FROM x" });
    chmodSync(join(root, "docker"), 0o755);
    [log, context] = [join(root, "log"), join(root, "context")];
    process.env.PATH = `${root}:${path}`;
    process.env.FAKE_LOG = log;
    delete process.env.DOCKER_BUILDKIT; // `make env` sets it
  });
  afterEach(() => {
    rmSync(log, { force: true });
    delete process.env.FAKE_DOWN;
    delete process.env.FAKE_BROKEN;
  });
  afterAll(() => {
    process.env.PATH = path;
    delete process.env.FAKE_LOG;
    if (buildkit !== undefined) process.env.DOCKER_BUILDKIT = buildkit;
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
