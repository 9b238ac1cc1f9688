import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import type { Props } from "../lib/values.ts";
import { journalIn } from "./journal.ts";
import { KubernetesProvider } from "./provider.ts";

const folder = mkdtempSync(join(tmpdir(), "journal-test-"));
const pod: Props = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" }, spec: {} };
const done: Props = { status: { phase: "Succeeded" } };
const target = { urn: "urn:of:p", type: "kubernetes:core/v1:Pod", name: "p" };
const log: Log = { say: () => {}, status: () => {} };

/** A server that has the Pod already, under this uid. */
let uid = "";
let writes: string[] = [];
let server: Server;
let config: Map<string, string>;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    for await (const _ of request);
    if (request.method !== "GET") writes.push(request.method ?? "");
    const exists = request.method === "POST";
    const object = { ...pod, ...done, metadata: { name: "p", namespace: "n", uid } };
    const body = exists ? { reason: "AlreadyExists", message: "there" } : object;
    response.writeHead(exists ? 409 : 200, { connection: "close" }).end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = JSON.stringify({
    "current-context": "c",
    clusters: [{ name: "k", cluster: { server: address } }],
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    users: [{ name: "u", user: { token: "t" } }],
  });
  config = new Map([["kubernetes:config:kubeconfig", kubeconfig]]);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  uid = "made-by-the-killed";
  writes = [];
});

async function create(urn = target.urn) {
  const provider = new KubernetesProvider(log, journalIn(folder));
  await provider.configure(config);
  return provider.create({ ...target, urn, properties: pod, timeout: 5, preview: false });
}

describe("after a plugin was killed while it waited", () => {
  test("the object that it made for this resource is taken over, and its entry is gone", async () => {
    journalIn(folder).begin(target.urn, "made-by-the-killed");
    expect((await create()).id).toBe("n/p");
    expect(writes).toEqual(["POST", "PATCH"]);
    expect(journalIn(folder).uidOf(target.urn)).toBeUndefined();
  });

  test("an object of the same name that something else made since stays a collision", async () => {
    journalIn(folder).begin(target.urn, "made-by-the-killed");
    uid = "made-by-another";
    await expect(create()).rejects.toThrow("is on the cluster already");
    expect(writes).toEqual(["POST"]);
  });

  test("so does the object of another resource, and any object without an entry", async () => {
    journalIn(folder).begin(target.urn, "made-by-the-killed");
    await expect(create("urn:of:another")).rejects.toThrow("is on the cluster already");
    journalIn(folder).end(target.urn);
    await expect(create()).rejects.toThrow("is on the cluster already");
  });
});

test("a folder that cannot be written is no reason to fail", () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const journal = journalIn(join(file, "below"));
  expect([journal.begin("u", "x"), journal.uidOf("u"), journal.end("u")]).toEqual([undefined, undefined, undefined]);
});
