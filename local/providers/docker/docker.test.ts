import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Props, secret, UNKNOWN } from "../values.ts";
import { folder } from "./folders.ts";
import { dockerPlugin } from "./plugin.ts";

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
  const urn = "urn:pulumi:dev::p::docker:index/image:Image::x";
  const shown: string[] = [];
  const plugin = dockerPlugin((_urn, line) => shown.push(line));
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
    return (await plugin.check?.(urn, {}, news))?.inputs as Props;
  };
  const create = async (properties: Props) => {
    const made = await plugin.create?.(urn, properties);
    return { id: made?.id, properties: made?.outs as Props };
  };

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

  test("its lines are shown while it works", async () => {
    shown.length = 0;
    await create(await checked());
    expect(shown).toEqual([`latest: digest: ${DIGEST} size: 1`]);
  });

  test("what it does not have is refused by name, and so is an unknown input when it should build", async () => {
    const refused = await plugin.check?.("urn:pulumi:dev::p::docker:index/container:Container::x", {}, {});
    expect(refused?.failures?.[0]?.reason).toContain("which has Image");
    await expect(create(await checked({ skipPush: UNKNOWN }))).rejects.toThrow("unknown inputs");
  });

  test("a refresh keeps an image whose registry is not on this machine", async () => {
    const props = { repoDigest: `registry.example/a@${DIGEST}` };
    expect(await plugin.read?.("x", urn, props)).toEqual({ id: "x", props });
  });
});
