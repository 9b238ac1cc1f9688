import { describe, expect, test } from "@jest/globals";
import type { Props } from "../lib/values.ts";
import { backendsOf, ingress } from "./network.ts";

const backend = (name: string): Props => ({ service: { name, port: { number: 80 } } });
const slice = (name: string): Props => ({ metadata: { labels: { "kubernetes.io/service-name": name } } });
const ADDRESS: Props = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
const object = (status: Props): Props => ({
  spec: {
    defaultBackend: backend("web"),
    rules: [{ http: { paths: [{ backend: backend("api") }, { backend: backend("web") }] } }, { host: "no.paths" }],
  },
  status,
});

describe("Ingress", () => {
  test("its backends are named once each; a resource backend is none", () => {
    expect(backendsOf(object({}))).toEqual(["web", "api"]);
    expect(backendsOf({ spec: { defaultBackend: { resource: { kind: "X", name: "y" } } } })).toEqual([]);
  });

  test.each<[string, Props, string[], number, boolean]>([
    ["no address", {}, ["web", "api"], 0, false],
    ["address and all backends", ADDRESS, ["web", "api"], 0, true],
    ["a backend without endpoints", ADDRESS, ["web"], 59_999, false],
    ["a backend without endpoints after the grace", ADDRESS, ["web"], 60_000, true],
    ["no address after the grace", {}, ["web", "api"], 60_000, false],
    ["a refresh, which only looks at this moment", ADDRESS, [], Number.POSITIVE_INFINITY, true],
  ])("%s", (_, status, slices, settledMs, ready) => {
    const verdict = ingress({ object: object(status), related: { EndpointSlice: slices.map(slice) }, settledMs });
    expect(verdict.ready).toBe(ready);
  });
});
