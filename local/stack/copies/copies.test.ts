import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Copy, generatedPart, seal, unseal } from "./copy.ts";
import { readRecoveryFile, rememberStore } from "./recovery-file.ts";
import { Shelf } from "./shelf.ts";

const folder = mkdtempSync(join(tmpdir(), "media-copies-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = randomBytes(32);
const SECRET = "a generated password";
const copy = (value = SECRET): Copy => ({
  schema: "media-state/1",
  at: new Date().toISOString(),
  stacks: [
    {
      name: "dev",
      generations: {},
      state: { version: 3, deployment: { resources: [{ urn: `urn:${value}`, type: "random:index:RandomPassword" }] } },
    },
  ],
});

/** A bucket that lets nothing be deleted. */
class Bucket {
  readonly #content = new Map<string, { body: Buffer; modified: string }>();
  #clock = 0;
  async list(prefix: string) {
    return [...this.#content].flatMap(([key, { modified }]) => (key.startsWith(prefix) ? [{ key, modified }] : []));
  }
  async get(key: string) {
    return this.#content.get(key)?.body as Buffer;
  }
  async put(key: string, body: Buffer) {
    this.#content.set(key, { body, modified: new Date(++this.#clock * 1_000).toISOString() });
  }
}

describe("a sealed copy", () => {
  test("opens with its key as it was, and its text shows nothing", async () => {
    const sealed = await seal(copy(), KEY);
    expect(sealed.toString()).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 12));
    expect((await unseal(sealed, KEY)).stacks).toEqual(copy().stacks);
  });

  test("negative control: another key, a changed character and a cut-off text do not open", async () => {
    const sealed = await seal(copy(), KEY);
    const changed = Buffer.from(sealed);
    changed[sealed.length - 40] = changed[sealed.length - 40] === 65 ? 66 : 65;
    await expect(unseal(sealed, randomBytes(32))).rejects.toThrow();
    await expect(unseal(changed, KEY)).rejects.toThrow();
    await expect(unseal(sealed.subarray(0, sealed.length - 9), KEY)).rejects.toThrow();
  });
});

test("of a state the generated values and components are kept, and nothing of the cluster, nor what names it", () => {
  const type = "kubernetes:core/v1:Secret";
  const deployment = {
    secrets_providers: { type: "passphrase" },
    resources: [
      { urn: "stack", type: "pulumi:pulumi:Stack", custom: false, outputs: { a: 1 } },
      { urn: "provider", type: "pulumi:providers:random", custom: true },
      { urn: "password", type: "random:index/randomPassword:RandomPassword", custom: true, dependencies: ["secret"] },
      { urn: "part", type: "media:Data", custom: false, dependencies: ["secret", "password"] },
      { urn: "secret", type, custom: true, propertyDependencies: { data: ["password"] } },
      { urn: "kubernetes", type: "pulumi:providers:kubernetes", custom: true },
    ],
  };
  expect(generatedPart({ version: 3, deployment })).toEqual({
    version: 3,
    deployment: {
      resources: [
        { urn: "stack", type: "pulumi:pulumi:Stack", custom: false, outputs: { a: 1 } },
        { urn: "provider", type: "pulumi:providers:random", custom: true },
        { urn: "password", type: "random:index/randomPassword:RandomPassword", custom: true, dependencies: [] },
        { urn: "part", type: "media:Data", custom: false, dependencies: ["password"] },
      ],
    },
  });
});

describe("the backup store", () => {
  test("gets a copy where something changed, thirty at most, and gives the newest", async () => {
    const bucket = new Bucket();
    const shelf = new Shelf(bucket, KEY);
    expect(await shelf.keep(copy())).toBe(true);
    expect(await shelf.keep(copy())).toBe(false);
    for (let n = 0; n < 40; n++) expect(await shelf.keep(copy(`value ${n}`))).toBe(true);
    expect(await bucket.list("")).toHaveLength(30);
    expect((await shelf.newest()).stacks).toEqual(copy("value 39").stacks);
  });

  test("negative control: without a copy, and with another key, it is said; a new key has its own copy kept", async () => {
    const bucket = new Bucket();
    const other = new Shelf(bucket, randomBytes(32));
    await expect(other.newest()).rejects.toThrow("has no copy of the state");
    await new Shelf(bucket, KEY).keep(copy());
    await expect(other.newest()).rejects.toThrow("does not open");
    expect(await other.keep(copy())).toBe(true);
  });
});

describe("the recovery file", () => {
  const access = (secretKey: string) => ({
    endpoint: "https://store:9000",
    bucket: "media-dev",
    region: "us-east-1",
    accessKey: "media-dev",
    secretKey,
  });

  test("keeps its key, is for its owner alone, and says when it is another one", async () => {
    const file = join(folder, "recovery", "one.json");
    const first = await rememberStore(file, "dev", access("one"));
    expect(first.isNew).toBe(true);
    expect(await rememberStore(file, "dev", access("one"))).toEqual({ key: first.key, isNew: false });
    expect(await rememberStore(file, "dev", access("two"))).toEqual({ key: first.key, isNew: true });
    await rememberStore(file, "staging", access("three"));
    expect((await readRecoveryFile(file)).stores).toEqual({ dev: access("two"), staging: access("three") });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["nothing", undefined, /there is no such file/],
    ["no JSON", "{", /it is no recovery file/],
    ["a short key", JSON.stringify({ schema: "media-recovery/1", key: "abc", stores: {} }), /must be 32 bytes/],
    ["another file", JSON.stringify({ version: 1 }), /it is no recovery file/],
  ])("negative control: %s in its place is refused by name", async (_, text, why) => {
    const file = join(folder, "bad.json");
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
    await expect(readRecoveryFile(file)).rejects.toThrow(why);
  });
});
