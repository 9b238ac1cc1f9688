import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Objects, type StoreAccess } from "../baselines/objects.ts";
import { EVERY_RUN, StoredRuns, slotFor } from "../baselines/stored.ts";
import type { Result } from "../results/result.ts";
import { hasBucketServer, startBucketServer } from "./bucket.ts";
import { load, outputs } from "./commands.ts";
import { startRecorder } from "./recorder.ts";

const SECONDS = 240_000;
const dir = mkdtempSync(join(tmpdir(), "stored-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A run of a second, whose store is at an address. */
async function run(backupStore: StoreAccess, ...more: string[]) {
  const target = await startRecorder();
  const file = outputs(dir, target.url, { backupStore });
  const ended = await load(["run", "--outputs", file, "--seconds", "1", "--rate", "5", ...more], dir);
  await target.close();
  return { ...ended, file };
}

const resultIn = (folder: string): Result => {
  const name = readdirSync(folder).find((one) => one.endsWith(".json")) as string;
  return JSON.parse(readFileSync(join(folder, name), "utf8"));
};

test(
  "where the store is away, the run stands and a warning says that it is a file only",
  async () => {
    const away = { endpoint: "http://127.0.0.1:1", bucket: "b", region: "r", accessKey: "a", secretKey: "s" };
    const { code, err, dir: own } = await run(away);
    expect(err).toMatch(/generator|warning: kept as a file only, not in the backup store: http:\/\/127\.0\.0\.1:1: /);
    expect(code).toBeLessThan(2);
    expect(resultIn(own).run.stack).toBe("dev");
  },
  SECONDS,
);

describe("slots", () => {
  const folder = "load-runs/dev/smoke-normal/k6/main/";
  const full = Array.from({ length: 30 }, (_, slot) => ({
    key: `${folder}${slot}.json.gz`,
    modified: `2026-11-${String(1 + ((slot + 7) % 30)).padStart(2, "0")}T00:00:00Z`,
  }));

  test("a run takes the first that is free, then that of the oldest: no more are kept", () => {
    expect(slotFor([], folder, 30)).toBe(0);
    expect(slotFor(full.slice(0, 12), folder, 30)).toBe(12);
    expect(slotFor(full, folder, 30)).toBe(23);
  });
});

(hasBucketServer ? describe : describe.skip)("runs in a bucket of the store's own server", () => {
  let server: Awaited<ReturnType<typeof startBucketServer>>;
  let real: Result;
  let objects: Objects;
  const named = (id: string): Result => ({
    ...real,
    generatorLimited: null,
    run: { ...real.run, id, interrupted: false },
  });

  beforeAll(async () => {
    server = await startBucketServer(dir);
    objects = new Objects(server.access);
    real = resultIn((await run(server.access)).dir);
  }, SECONDS);
  afterAll(() => server?.close());

  test(
    "are what another machine compares with",
    async () => {
      for (const id of ["a", "b", "b"]) await new StoredRuns(objects).keep("main", named(id));
      const elsewhere = new StoredRuns(new Objects(server.access));
      expect((await elsewhere.runsOf("main", real)).map(({ run: { id } }) => id)).toEqual(["a", "b"]);
      expect((await elsewhere.runsOf("main", real))[0]).toEqual(named("a"));
      await expect(elsewhere.runsOf("other", real)).rejects.toThrow('the backup store has no baseline "other"');
      const file = outputs(dir, "http://127.0.0.1:1", { backupStore: server.access });
      const listed = await load(["baselines", "--from", "store", "--outputs", file], dir);
      expect(listed.out).toBe("main: stack dev, custom, smoke-normal, 3 runs\n");
    },
    SECONDS,
  );

  test(
    "every whole run is there, and only those",
    async () => {
      const before = (await new StoredRuns(objects).everyRun("dev")).length;
      await new StoredRuns(objects).keep(EVERY_RUN, named("c"));
      expect((await new StoredRuns(objects).everyRun("dev")).length).toBe(before + 1);
      expect(await new StoredRuns(objects).list("dev")).not.toContainEqual(expect.stringContaining(EVERY_RUN));
    },
    SECONDS,
  );

  test(
    "a run whose upload was cut off is not taken as a baseline",
    async () => {
      const folder = "load-runs/dev/smoke-normal/custom/cut/";
      await cutOff(server.access, `${folder}0.json.gz`);
      expect(await objects.list(folder)).toEqual([]);
      // As a server would leave it that keeps what came.
      await new StoredRuns(objects).keep("whole", named("d"));
      const whole = await objects.get("load-runs/dev/smoke-normal/custom/whole/0.json.gz");
      await objects.put(`${folder}0.json.gz`, whole.subarray(0, whole.length / 2));
      await expect(new StoredRuns(objects).runsOf("cut", real)).rejects.toThrow('no baseline "cut"');
      // The control: the same run, whole.
      await objects.put(`${folder}0.json.gz`, whole);
      expect(await new StoredRuns(objects).runsOf("cut", real)).toHaveLength(1);
    },
    SECONDS,
  );

  test("nobody reads them with other keys", async () => {
    const other = new Objects({ ...server.access, secretKey: "guessed" });
    await expect(other.list("load-runs/")).rejects.toThrow("403");
  });
});

/** Begins a signed upload of a thousand bytes, and ends the connection after the first ten. */
async function cutOff(access: StoreAccess, key: string): Promise<void> {
  const { port } = new URL(access.endpoint);
  const { AwsV4Signer } = await import("aws4fetch");
  const signed = await new AwsV4Signer({
    method: "PUT",
    url: `${access.endpoint}/${access.bucket}/${key}`,
    headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    accessKeyId: access.accessKey,
    secretAccessKey: access.secretKey,
    region: access.region,
    service: "s3",
  }).sign();
  const head = [...signed.headers].map(([name, value]) => `${name}: ${value}`);
  const lines = [`PUT ${signed.url.pathname} HTTP/1.1`, `host: ${signed.url.host}`, "content-length: 1000", ...head];
  const socket = connect(Number(port), "127.0.0.1");
  await new Promise<void>((resolve) => socket.end(`${lines.join("\r\n")}\r\n\r\n0123456789`, () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 500));
  socket.destroy();
}
