import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import type { Props } from "../lib/values.ts";
import { type Begun, journalIn } from "./journal.ts";
import { KubernetesProvider } from "./provider.ts";
import { begunAs, isMadeBy } from "./resume.ts";

const folder = mkdtempSync(join(tmpdir(), "journal-test-"));
const pod: Props = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" }, spec: {} };
const done: Props = { status: { phase: "Succeeded" } };
const target = { urn: "urn:of:p", type: "kubernetes:core/v1:Pod", name: "p" };
const said: string[] = [];
const log: Log = { say: (_, __, message) => void said.push(message), status: () => {} };

/** A server that has the Pod already, under this uid. */
let uid = "";
let writes: string[] = [];
/** What a POST is answered. */
const EXISTS = { code: 409, body: { reason: "AlreadyExists", message: "there" } };
let answer: { code: number; body: Props } = EXISTS;
let server: Server;
let config: Map<string, string>;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    for await (const _ of request);
    if (request.method !== "GET") writes.push(request.method ?? "");
    const object = { ...pod, ...done, metadata: { name: "p", namespace: "n", uid } };
    const { code, body } = request.method === "POST" ? answer : { code: 200, body: object };
    response.writeHead(code, { connection: "close" }).end(JSON.stringify(body));
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
  answer = EXISTS;
  said.length = 0;
  journalIn(folder).end(target.urn);
});

async function create(urn = target.urn) {
  const provider = new KubernetesProvider(log, journalIn(folder));
  await provider.configure(config);
  return provider.create({ ...target, urn, properties: pod, timeout: 5, preview: false });
}

const begun = (more: Partial<Begun> = {}): Begun => ({
  name: "p",
  autonamed: false,
  from: Date.now(),
  to: Date.now(),
  ...more,
});

describe("after a plugin was killed while it waited", () => {
  beforeEach(() => journalIn(folder).begin(target.urn, begun({ uid: "made-by-the-killed" })));

  test("the object that it made for this resource is taken over, and its entry is gone", async () => {
    expect((await create()).id).toBe("n/p");
    expect(writes).toEqual(["POST", "PATCH"]);
    expect(journalIn(folder).find(target.urn)).toBeUndefined();
  });

  test("an object of the same name that something else made since stays a collision", async () => {
    uid = "made-by-another";
    await expect(create()).rejects.toThrow("is on the cluster already");
    expect(writes).toEqual(["POST"]);
  });

  test("so does the object of another resource, and any object without an entry", async () => {
    await expect(create("urn:of:another")).rejects.toThrow("is on the cluster already");
    journalIn(folder).end(target.urn);
    await expect(create()).rejects.toThrow("is on the cluster already");
  });
});

describe("after a plugin was killed before the server's answer came", () => {
  const [now, hour] = [Date.now(), 3_600_000];
  const at = (ms: number) => new Date(ms).toISOString();
  const inputs: Props = { ...pod, spec: { hostname: "h" } };
  const live = (more: Props = {}, managers = ["pulumi-kubernetes"], made = now): Props => ({
    ...inputs,
    metadata: {
      name: "p",
      namespace: "n",
      creationTimestamp: at(made),
      managedFields: managers.map((manager) => ({ manager, operation: "Update" })),
      ...more,
    },
  });
  const marked = { annotations: { "pulumi.com/autonamed": "true" } };
  test.each([
    ["what was made, then, by us", begun(), live(), true],
    ["made by another manager", begun(), live({}, ["kubectl-create"]), false],
    ["made an hour before", begun(), live({}, undefined, now - hour), false],
    ["made an hour later", begun(), live({}, undefined, now + hour), false],
    [
      "made between the first attempt and the last",
      begun({ from: now - 2 * hour }),
      live({}, undefined, now - hour),
      true,
    ],
    ["an object that says something else", begun(), { ...live(), spec: { hostname: "x" } }, false],
    ["another name", begun({ name: "q" }), live(), false],
    ["a made-up name, whatever it says now", begun({ autonamed: true }), { ...live(marked), spec: { a: "x" } }, true],
    ["a made-up name that a person gave", begun({ autonamed: true }), live(), false],
  ])("%s", (_, earlier, object, expected) => {
    expect(isMadeBy(earlier, object, inputs)).toBe(expected);
  });
});

describe("the name of a create that was cut off", () => {
  const journal = journalIn(folder);
  const check = (olds?: Props) => begunAs(journal, { urn: target.urn, olds });
  beforeEach(() => journal.begin(target.urn, begun({ name: "p-12345678", autonamed: true })));

  test("is taken again while the resource is in no state", () => {
    expect(check()).toBe("p-12345678");
    journal.begin(target.urn, begun({ name: "fixed" }));
    expect(check()).toBeUndefined();
  });

  test("is forgotten when the state has it, so that a replacement gets another", () => {
    expect(check({ metadata: { name: "p-12345678" } })).toBeUndefined();
    expect(check()).toBeUndefined();
  });

  test("is not that of the resource that it was to replace", () => {
    expect(check({ metadata: { name: "p-00000000" } })).toBe("p-12345678");
  });
});

test("a create that the server refuses leaves no entry; one that got no answer does", async () => {
  answer = { code: 422, body: { message: "no" } };
  await expect(create()).rejects.toThrow("refused it: no");
  expect(journalIn(folder).find(target.urn)).toBeUndefined();
  answer = { code: 504, body: { message: "timeout" } };
  await expect(create()).rejects.toThrow("was not confirmed: timeout");
  expect(journalIn(folder).find(target.urn)).toMatchObject({ name: "p", autonamed: false });
});

test("an entry of another name is told to the person", async () => {
  journalIn(folder).begin(target.urn, begun({ name: "old-name" }));
  await expect(create()).rejects.toThrow("is on the cluster already");
  expect(said.join()).toContain("old-name is on the cluster, it is in no state");
});

test("a folder that cannot be written is no reason to fail", () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const journal = journalIn(join(file, "below"));
  expect([journal.begin("u", begun()), journal.find("u"), journal.end("u")]).toEqual([undefined, undefined, undefined]);
});
