import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { encryptionFile, ensureEncryption } from "../cluster/encryption.ts";
import { BIN, buildTools } from "../toolchain/build.ts";
import { type ApiServer, startApiServer } from "./api-server.ts";
import { MINUTE } from "./commands.ts";

/** What the store of the embedded cluster holds of a Secret. */

const pkiDir = mkdtempSync(join(tmpdir(), "media-encryption-"));
const OBJECTS = "/api/v1/namespaces/default";
const VALUE = "planted-value-of-a-secret";
let server: ApiServer;
beforeAll(async () => {
  await buildTools(["kubernetes"], () => {});
  await ensureEncryption({ pkiDir });
  server = await startApiServer(join(BIN, "kube-apiserver"), [
    `--encryption-provider-config=${encryptionFile({ pkiDir })}`,
  ]);
}, 40 * MINUTE);
afterAll(async () => {
  await server?.stop();
  rmSync(pkiDir, { recursive: true });
});

const create = async (kind: "Secret" | "ConfigMap", data: object) => {
  const path = `${OBJECTS}/${kind.toLowerCase()}s`;
  const object = { apiVersion: "v1", kind, metadata: { name: "planted" }, ...data };
  expect((await server.send("POST", path, object)).status).toBe(201);
  return await server.stored(`/registry/${kind.toLowerCase()}s/default/planted`);
};

test(
  "a Secret is encrypted in etcd, and read as it was written",
  async () => {
    const stored = await create("Secret", { stringData: { password: VALUE } });
    expect(stored).toMatch(/^k8s:enc:secretbox:v1:first:/);
    expect(stored).not.toContain(VALUE);
    const { data } = JSON.parse((await server.send("GET", `${OBJECTS}/secrets/planted`)).text);
    expect(Buffer.from(data.password, "base64").toString()).toBe(VALUE);
  },
  MINUTE,
);

test(
  "negative control: what is not encrypted is found by the same search",
  async () => {
    expect(await create("ConfigMap", { data: { password: VALUE } })).toContain(VALUE);
  },
  MINUTE,
);

test("the key is for its owner alone, and is not made anew", async () => {
  const file = encryptionFile({ pkiDir });
  const before = readFileSync(file, "utf8");
  await ensureEncryption({ pkiDir });
  expect(readFileSync(file, "utf8")).toBe(before);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
