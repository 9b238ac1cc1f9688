import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import { InitFailed } from "../lib/provider.ts";
import { type Props, secret, UNKNOWN, unwrapMap } from "../lib/values.ts";
import { journalIn } from "./journal.ts";
import { KubernetesProvider } from "./provider.ts";

/** Nothing of a test is to be found in anybody's home. */
const NO_JOURNAL = journalIn("/dev/null");

/** An API server of a few lines: it stores what it is given, and remembers every request. */
const store = new Map<string, Props>();
let requests: { method: string; path: string; query: URLSearchParams; body: Props }[] = [];
/** Answers in place of the store, by `METHOD path`. */
let faults: { [call: string]: { code: number; reason: string; message?: string } } = {};
let onRead: (object: Props) => Props = (object) => object;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "", "http://x");
  let text = "";
  for await (const chunk of request) text += chunk;
  const call = {
    method: request.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    body: text ? JSON.parse(text) : {},
  };
  requests.push(call);
  const fault = faults[`${call.method} ${call.path}`];
  const [code, body] = fault ? [fault.code, { message: fault.reason, ...fault }] : respond(call);
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function respond({ method, path, query, body }: (typeof requests)[number]): [number, Props] {
  const isDry = query.get("dryRun") === "All";
  if (method === "POST") {
    const object = stored(body);
    if (!isDry) store.set(`${path}/${(body.metadata as Props).name}`, object);
    return [201, object];
  }
  const found = store.get(path);
  if (!found)
    return /(pods|events|replicasets|endpointslices)$/.test(path)
      ? [200, { items: [] }]
      : [404, { reason: "NotFound" }];
  if (method === "DELETE") store.delete(path);
  if (method === "PATCH" && !Array.isArray(body)) {
    const object = stored({ ...found, ...body });
    if (!isDry) store.set(path, object);
    return [200, object];
  }
  return [200, onRead(found)];
}

const stored = (object: Props): Props => ({
  ...object,
  metadata: {
    ...(object.metadata as Props),
    uid: "u1",
    resourceVersion: "1",
    managedFields: [{ manager: "pulumi-kubernetes", operation: "Update" }],
  },
});

let server: Server;
let kubeconfig = "";
const statuses: string[] = [];
const log: Log = { say: () => {}, status: (_, message) => statuses.push(message) };

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  kubeconfig = JSON.stringify({
    "current-context": "c",
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }],
    contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "home" } }],
    users: [{ name: "u", user: { token: "t" } }],
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  store.clear();
  requests = [];
  faults = {};
  onRead = (object) => object;
});

async function configured(more: { [key: string]: string } = {}): Promise<KubernetesProvider> {
  const provider = new KubernetesProvider(log, NO_JOURNAL);
  const settings = Object.entries({ kubeconfig, ...more });
  await provider.configure(new Map(settings.map(([key, value]) => [`kubernetes:config:${key}`, value])));
  return provider;
}

const target = (kind: string, group = "core/v1") => ({ urn: "urn", type: `kubernetes:${group}:${kind}`, name: "x" });
const configMap: Props = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "home" },
  data: { k: "v" },
};
const PATH = "/api/v1/namespaces/home/configmaps";
const create = (provider: KubernetesProvider, properties: Props, preview = false, kind = "ConfigMap", timeout = 0) =>
  provider.create({ ...target(kind), properties, timeout, preview });
const update = (provider: KubernetesProvider, olds: Props, news: Props, preview = false) =>
  provider.update({
    ...target("ConfigMap"),
    id: "home/a",
    olds,
    news,
    oldInputs: configMap,
    timeout: 0,
    ignoreChanges: [],
    preview,
  });

describe("create", () => {
  test("posts the inputs and stores the live object", async () => {
    const { id, properties } = await create(await configured(), configMap);
    expect(id).toBe("home/a");
    expect(properties).toMatchObject({
      data: { k: "v" },
      metadata: { uid: "u1" },
      __inputs: configMap,
      __initialApiVersion: "v1",
    });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`POST ${PATH}`]);
    expect(requests[0]?.query.get("fieldManager")).toBe("pulumi-kubernetes");
  });

  test("a preview tries it out and keeps nothing", async () => {
    const { id, properties } = await create(await configured(), configMap, true);
    expect([id, (properties.metadata as Props).uid, store.size]).toEqual(["", "u1", 0]);
    expect(requests[0]?.query.get("dryRun")).toBe("All");
  });

  test.each([
    ["with an unknown", { ...configMap, data: { k: UNKNOWN } }, undefined],
    ["in a namespace that is not there yet", configMap, { code: 404, reason: "NotFound" }],
    ["without the right to try it", configMap, { code: 403, reason: "Forbidden" }],
    ["of what is there already", configMap, { code: 409, reason: "AlreadyExists" }],
  ])("a preview %s gives the inputs back", async (_, inputs, fault) => {
    if (fault) faults = { [`POST ${PATH}`]: fault };
    const { properties } = await create(await configured(), inputs, true);
    expect(properties).toMatchObject(inputs);
  });

  test("a refusal fails and says whose", async () => {
    faults = { [`POST ${PATH}`]: { code: 422, reason: "Invalid", message: "data: too long" } };
    await expect(create(await configured(), configMap)).rejects.toThrow(
      "ConfigMap home/a: the API server refused it: data: too long",
    );
  });

  test("what exists already is refused with the ways out", async () => {
    faults = { [`POST ${PATH}`]: { code: 409, reason: "AlreadyExists" } };
    await expect(create(await configured(), configMap)).rejects.toThrow(/alias.*import.*upsert/s);
  });

  test("upsert applies over it", async () => {
    store.set(`${PATH}/a`, stored({ ...configMap, data: { old: "x" } }));
    await create(await configured({ upsertExistingObjects: "true" }), configMap);
    expect(requests[0]).toMatchObject({ method: "PATCH", path: `${PATH}/a` });
  });

  test("secrets go out open and come back marked", async () => {
    const { properties } = await create(await configured(), { ...configMap, data: { k: secret("v"), open: "o" } });
    expect(requests[0]?.body.data).toEqual({ k: "v", open: "o" });
    expect(properties).toMatchObject({
      data: { k: secret("v"), open: "o" },
      __inputs: { data: { k: secret("v"), open: "o" } },
    });
  });

  test("what does not become ready is saved, with the reasons", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "home" }, spec: {} };
    const waiting = { reason: "ImagePullBackOff", message: "not found" };
    onRead = (object) => ({
      ...object,
      status: { phase: "Pending", containerStatuses: [{ name: "c", ready: false, state: { waiting } }] },
    });
    const error = await create(await configured(), pod, false, "Pod", 1).catch((reason) => reason);
    expect(error).toBeInstanceOf(InitFailed);
    expect(error.id).toBe("home/p");
    expect(error.properties).toMatchObject({ metadata: { uid: "u1" }, __inputs: pod });
    expect(error.reasons).toEqual(
      expect.arrayContaining(["Not ready after 1 s", 'Pod p: container "c" ImagePullBackOff: not found']),
    );
  });

  test("a cancel ends the wait and keeps the state", async () => {
    const provider = await configured();
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "home" }, spec: {} };
    const creating = create(provider, pod, false, "Pod").catch((reason) => reason);
    setTimeout(() => provider.cancel(), 200);
    expect((await creating).reasons).toContain("Cancelled while waiting");
  });
});

describe("update", () => {
  test("takes the fields over, then applies as its own manager", async () => {
    const provider = await configured();
    const { properties } = await create(provider, configMap);
    requests = [];
    const updated = await update(provider, properties, { ...configMap, data: { k: "w" } });
    expect(updated).toMatchObject({ data: { k: "w" }, __fieldManager: properties.__fieldManager });
    const [read, migrate, apply] = requests;
    expect([read?.method, migrate?.method, apply?.method]).toEqual(["GET", "PATCH", "PATCH"]);
    expect(migrate?.body).toMatchObject([
      { path: "/metadata/managedFields" },
      { path: "/metadata/resourceVersion", value: "1" },
    ]);
    expect(apply?.query.get("fieldManager")).toBe(properties.__fieldManager);
    expect(apply?.query.get("force")).toBe("false");
  });

  test("a preview moves nothing and forces past its own old manager", async () => {
    const provider = await configured();
    const { properties } = await create(provider, configMap);
    requests = [];
    await update(provider, properties, { ...configMap, data: { k: "w" } }, true);
    expect(requests.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
    expect([requests[1]?.query.get("dryRun"), requests[1]?.query.get("force")]).toEqual(["All", "true"]);
    expect(store.get(`${PATH}/a`)?.data).toEqual({ k: "v" });
  });

  test("a conflict is a partial failure that keeps the live state", async () => {
    const provider = await configured();
    const { properties } = await create(provider, configMap);
    store.set(`${PATH}/a`, {
      ...configMap,
      metadata: { ...(configMap.metadata as Props), managedFields: [{ manager: "hpa" }] },
    });
    faults = { [`PATCH ${PATH}/a`]: { code: 409, reason: "Conflict", message: "owned by hpa" } };
    const error = await update(provider, properties, { ...configMap, data: { k: "w" } }).catch((reason) => reason);
    expect(error).toBeInstanceOf(InitFailed);
    expect(error.reasons[0]).toContain("server-side apply field conflict detected: owned by hpa");
    expect(error.properties.data).toEqual({ k: "v" });
  });
});

describe("read and delete", () => {
  test("drift in declared fields becomes inputs, and secrets stay secret", async () => {
    const provider = await configured();
    const inputs = { ...configMap, data: { k: secret("v") } };
    const { properties } = await create(provider, inputs);
    onRead = (object) => ({ ...object, data: { k: "drifted", other: "x" } });
    const read = await provider.read({ ...target("ConfigMap"), id: "home/a", properties, inputs });
    expect(read.inputs).toMatchObject({ data: { k: secret("drifted") } });
    expect(unwrapMap(read.properties ?? {}).data).toEqual({ k: "drifted", other: "x" });
  });

  test("what is gone is gone", async () => {
    const provider = await configured();
    expect(await provider.read({ ...target("ConfigMap"), id: "home/a", properties: {}, inputs: {} })).toEqual({});
    await provider.delete({ ...target("ConfigMap"), id: "home/a", properties: configMap, timeout: 0 });
  });

  test("an import takes the object on by its id", async () => {
    store.set(`${PATH}/a`, stored(configMap));
    const read = await (await configured()).read({ ...target("ConfigMap"), id: "home/a", properties: {}, inputs: {} });
    expect(read.inputs).toEqual(configMap);
  });

  test("a deletion is foreground and waited for", async () => {
    const provider = await configured();
    const { properties } = await create(provider, configMap);
    await provider.delete({ ...target("ConfigMap"), id: "home/a", properties, timeout: 0 });
    expect(requests.at(-2)?.body.propagationPolicy).toBe("Foreground");
    expect(requests.at(-1)?.method).toBe("GET");
  });

  test("a finalizer that holds it is named", async () => {
    const provider = await configured();
    const { properties } = await create(provider, configMap);
    faults = { [`DELETE ${PATH}/a`]: { code: 200, reason: "" } };
    onRead = (object) => ({ ...object, metadata: { ...(object.metadata as Props), finalizers: ["x.io/hold"] } });
    const deleting = provider.delete({ ...target("ConfigMap"), id: "home/a", properties, timeout: 1 });
    await expect(deleting).rejects.toThrow("finalizers might be preventing deletion: x.io/hold");
  });
});

describe("a cluster that cannot be reached", () => {
  const nowhere = { kubeconfig: "/nowhere/kubeconfig" };
  test("previews go on, real work says why not", async () => {
    const provider = await configured(nowhere);
    expect((await create(provider, configMap, true)).properties).toMatchObject(configMap);
    await expect(create(provider, configMap)).rejects.toThrow("none of /nowhere/kubeconfig exists");
  });

  test("before it is configured, too", async () => {
    await expect(create(new KubernetesProvider(log, NO_JOURNAL), configMap)).rejects.toThrow(
      "one of its inputs is not known",
    );
  });

  test.each([
    ["deleteUnreachable", {}],
    ["skipUpdateUnreachable", { id: "home/a" }],
  ])("%s decides what a refresh finds", async (flag, expected) => {
    const provider = await configured({ ...nowhere, [flag]: "true" });
    expect(await provider.read({ ...target("ConfigMap"), id: "home/a", properties: {}, inputs: {} })).toMatchObject(
      expected,
    );
  });
});

test("settings that it does not have are refused", async () => {
  await expect(configured({ renderYamlToDirectory: "out" })).rejects.toThrow("needs the official kubernetes plugin");
  await expect(configured({ enableServerSideApply: "false" })).rejects.toThrow("use server-side apply");
});

test("manifests are decoded for ConfigFile", async () => {
  const text =
    "kind: A\napiVersion: v1\n---\nfoo: 1\n---\nkind: List\napiVersion: v1\nitems: [{kind: B, apiVersion: v1}]\n";
  const { result } = await (await configured()).invoke("kubernetes:yaml:decode", { text });
  expect(result).toEqual([
    { kind: "A", apiVersion: "v1" },
    { kind: "B", apiVersion: "v1" },
  ]);
});
