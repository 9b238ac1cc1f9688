import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import type { Props } from "../lib/values.ts";
import { configureCluster, probe, readSettings } from "./configure.ts";
import { journalIn } from "./journal.ts";
import { KubernetesProvider } from "./provider.ts";

/** Nothing of a test is to be found in anybody's home. */
const NO_JOURNAL = journalIn("/dev/null");

const log: Log = { say: () => {}, status: () => {} };
const target = { urn: "u", type: "kubernetes:core/v1:ConfigMap", name: "a" };
const old: Props = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "home" },
  data: { k: "v" },
};
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** A port on which nothing listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

const kubeconfig = (port: number) =>
  JSON.stringify({
    "current-context": "c",
    clusters: [{ name: "k", cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: "c", context: { cluster: "k", user: "u", namespace: "home" } }],
    users: [{ name: "u", user: { token: "t" } }],
  });

async function configured(port: number, ...flags: string[]): Promise<KubernetesProvider> {
  const provider = new KubernetesProvider(log, NO_JOURNAL);
  const settings: [string, string][] = [
    ["kubeconfig", kubeconfig(port)],
    ...flags.map((flag): [string, string] => [flag, "true"]),
  ];
  await provider.configure(new Map(settings.map(([key, value]) => [`kubernetes:config:${key}`, value])));
  return provider;
}

const read = (provider: KubernetesProvider) => provider.read({ ...target, id: "home/a", properties: old, inputs: old });
const remove = (provider: KubernetesProvider) =>
  provider.delete({ ...target, id: "home/a", properties: old, timeout: 0 });

describe("a server that does not answer", () => {
  test("without a setting, a refresh and a deletion fail", async () => {
    const provider = await configured(await deadPort());
    await expect(read(provider)).rejects.toThrow("cannot reach the cluster");
    await expect(remove(provider)).rejects.toThrow("cannot reach the cluster");
  });

  test("deleteUnreachable: a refresh finds nothing, and a deletion is done", async () => {
    const provider = await configured(await deadPort(), "deleteUnreachable");
    expect(await read(provider)).toEqual({});
    expect(await remove(provider)).toBeUndefined();
  });

  test("skipUpdateUnreachable: a refresh changes nothing, a check answers the old inputs, new ones are checked as ever", async () => {
    const provider = await configured(await deadPort(), "skipUpdateUnreachable");
    expect(await read(provider)).toMatchObject({ id: "home/a", properties: old });
    const request = { ...target, news: { ...old, data: { k: "new" } }, randomSeed: new Uint8Array() };
    expect((await provider.check({ ...request, olds: old })).inputs).toEqual(old);
    expect((await provider.check({ ...request, olds: undefined })).inputs.data).toEqual({ k: "new" });
    await expect(remove(provider)).rejects.toThrow("is not configured");
  });
});

describe("probe", () => {
  const cluster = (port: number, flag?: string) =>
    configureCluster(
      readSettings((key) => (key === "kubeconfig" ? kubeconfig(port) : key === flag ? "true" : undefined)),
    );

  test("a server that accepts and says nothing counts as unreachable", async () => {
    const sockets: { destroy(): void }[] = [];
    const port = await listen(createServer((socket) => void sockets.push(socket)));
    const probed = await probe(cluster(port, "deleteUnreachable"), 100);
    expect(probed.client).toBeUndefined();
    expect(probed.unreachable).toContain("no answer in 0.1 s");
    for (const socket of sockets) socket.destroy();
  });

  test("one that refuses a request is reachable", async () => {
    const port = await listen(createHttp((_, response) => response.writeHead(403, { connection: "close" }).end("{}")));
    expect((await probe(cluster(port, "deleteUnreachable"))).client).toBeDefined();
  });

  test("nothing is asked without a setting that needs the answer", async () => {
    let requests = 0;
    const port = await listen(
      createHttp((_, response) => {
        requests++;
        response.writeHead(200, { connection: "close" }).end("{}");
      }),
    );
    await probe(cluster(port));
    expect(requests).toBe(0);
    await probe(cluster(port, "skipUpdateUnreachable"));
    expect(requests).toBe(1);
  });
});
