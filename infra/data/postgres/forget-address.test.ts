import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { authorityPem, leafPem } from "../../lib/certificates.ts";

/** The script itself against a server that speaks as the Kubernetes API does. */

const SCRIPT = join(import.meta.dirname, "forget-address.py");
const POD = "/api/v1/namespaces/media-dev/pods/postgres-0";
const HERE = "10.0.0.1";
const VALIDITY = { notBefore: "2026-01-01T00:00:00Z", notAfter: "2036-01-01T00:00:00Z" };
const account = mkdtempSync(join(tmpdir(), "media-account-"));
let server: Server;
let annotations: Record<string, string> | undefined;
let patches: unknown[];

beforeAll(async () => {
  const seed = Buffer.alloc(32, 7).toString("base64");
  const { certPem, keyPem } = leafPem(seed, "authority", "api", ["127.0.0.1"], VALIDITY);
  writeFileSync(join(account, "ca.crt"), authorityPem(seed, "authority", VALIDITY));
  writeFileSync(join(account, "token"), "of-the-pod");
  server = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    const known = request.headers.authorization === "Bearer of-the-pod" && request.url === POD;
    if (known && request.method === "PATCH") patches.push(JSON.parse(await text(request)));
    response.writeHead(known ? 200 : 403).end(JSON.stringify({ metadata: { name: "postgres-0", annotations } }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  server.close();
  rmSync(account, { recursive: true });
});

async function start(found: typeof annotations, changes: Record<string, string> = {}) {
  annotations = found;
  patches = [];
  const env = {
    SERVICE_ACCOUNT: account,
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
    PATRONI_KUBERNETES_NAMESPACE: "media-dev",
    PATRONI_NAME: "postgres-0",
    PATRONI_KUBERNETES_POD_IP: HERE,
    ...changes,
  };
  const { stdout } = await promisify(execFile)("python3", [SCRIPT], { env: { PATH: process.env.PATH ?? "", ...env } });
  return { stdout, patches };
}
const at = (address: string) => ({ status: JSON.stringify({ api_url: `http://${address}:8008/patroni` }) });

test("an address of an earlier life is forgotten, and nothing else of the pod", async () => {
  // The other's address begins like its own.
  expect(await start(at("10.0.0.12"))).toEqual({
    stdout: "forgot the address of an earlier life, 10.0.0.12\n",
    patches: [{ metadata: { annotations: { status: null } } }],
  });
});

test("its own address stays, and where there is none there is nothing to do", async () => {
  for (const found of [at(HERE), {}, undefined]) expect(await start(found)).toEqual({ stdout: "", patches: [] });
  const six = { PATRONI_KUBERNETES_POD_IP: "fd00::1" };
  expect(await start(at("[fd00::1]"), six)).toEqual({ stdout: "", patches: [] });
});

test("without the server's yes it says so by its exit code", async () => {
  await expect(start(at("10.0.0.12"), { PATRONI_NAME: "postgres-9" })).rejects.toThrow(/403/);
  await expect(start(at("10.0.0.12"), { KUBERNETES_SERVICE_PORT: "1" })).rejects.toThrow(/refused/i);
});
