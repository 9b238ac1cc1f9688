import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Log } from "../lib/engine.ts";
import { InitFailed } from "../lib/provider.ts";
import type { Props } from "../lib/values.ts";
import { journalIn } from "./journal.ts";
import { KubernetesProvider } from "./provider.ts";

/** Nothing of a test is to be found in anybody's home. */
const NO_JOURNAL = journalIn("/dev/null");

/** A server on which nothing ever becomes ready and nothing ever goes away. */
let server: Server;
let config: Map<string, string>;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    for await (const _ of request);
    const isList = !/\/(deployments\/d|deployments)$/.test(new URL(request.url ?? "", "http://x").pathname);
    response
      .writeHead(200, { connection: "close" })
      .end(JSON.stringify(isList ? { items: [] } : { ...deployment, ...stored }));
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
  server.closeAllConnections();
  server.close();
});

const deployment: Props = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", namespace: "n" },
  spec: {},
};
const stored: Props = {
  metadata: { name: "d", namespace: "n", uid: "u1", generation: 1, finalizers: ["example.org/hold"] },
};
const target = { urn: "u", type: "kubernetes:apps/v1:Deployment", name: "d" };

/** A plugin that is cancelled as soon as it reports that it waits. */
async function cancelledWhenWaiting(): Promise<KubernetesProvider> {
  const log: Log = { say: () => {}, status: () => provider.cancel() };
  const provider = new KubernetesProvider(log, NO_JOURNAL);
  await provider.configure(config);
  return provider;
}

test("a create that is cancelled while it waits keeps what was made", async () => {
  const provider = await cancelledWhenWaiting();
  const error = await provider
    .create({ ...target, properties: deployment, timeout: 60, preview: false })
    .catch((thrown) => thrown);
  expect(error).toBeInstanceOf(InitFailed);
  expect(error.id).toBe("n/d");
  expect(error.properties.metadata.uid).toBe("u1");
  expect(error.properties.__inputs).toEqual(deployment);
  expect(error.reasons[0]).toBe("Cancelled while waiting");
});

test("a deletion that is cancelled while it waits fails, so that the state keeps the object", async () => {
  const provider = await cancelledWhenWaiting();
  const state: Props = { ...deployment, ...stored, __inputs: deployment };
  await expect(provider.delete({ ...target, id: "n/d", properties: state, timeout: 60 })).rejects.toThrow(
    /still there, cancelled.*finalizers might be preventing deletion: example\.org\/hold/,
  );
});
