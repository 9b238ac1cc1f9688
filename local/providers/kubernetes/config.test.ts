import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { UNKNOWN } from "../lib/values.ts";
import { diffConfig } from "./config-diff.ts";
import { builtIn, gvkOfToken } from "./kinds.ts";
import { resolveAccess } from "./kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function config(user: object = { token: "t" }, cluster: object = {}): string {
  return JSON.stringify({
    "current-context": "a",
    clusters: [
      { name: "ka", cluster: { server: "https://a", ...cluster } },
      { name: "kb", cluster: { server: "https://b" } },
    ],
    contexts: [
      { name: "a", context: { cluster: "ka", user: "u" } },
      { name: "b", context: { cluster: "kb", user: "u", namespace: "nb" } },
    ],
    users: [{ name: "u", user }],
  });
}

describe("kubeconfig", () => {
  test.each([
    [{}, "https://a", "default"],
    [{ context: "b" }, "https://b", "nb"],
    [{ context: "b", namespace: "mine" }, "https://b", "mine"],
    [{ cluster: "kb" }, "https://b", "default"],
  ])("%j", (choice, server, namespace) => {
    expect(resolveAccess({ kubeconfig: config(), ...choice })).toMatchObject({ server, namespace, insecure: false });
  });

  test.each([
    [{ context: "x" }, 'no context "x"; it has: a, b'],
    [{ cluster: "x" }, 'no cluster "x"; it has: ka, kb'],
    [{ kubeconfig: "/nowhere" }, "none of /nowhere exists"],
    [{ kubeconfig: "{\n" }, "is not YAML"],
    [{ kubeconfig: config({ "auth-provider": {} }) }, "does not support auth-provider"],
    [{ kubeconfig: config({}, { "certificate-authority": "/nowhere/ca" }) }, "names a file that cannot be read"],
  ])("%j is refused", (choice, expected) => {
    expect(() => resolveAccess({ kubeconfig: config(), ...choice })).toThrow(expected);
  });

  test("certificates come from data, or from files beside the kubeconfig", () => {
    const data = Buffer.from("pem").toString("base64");
    writeFileSync(join(folder, "ca.pem"), "from file");
    writeFileSync(join(folder, "token"), "from file\n");
    const user = { "client-certificate-data": data, "client-key-data": data, tokenFile: "token" };
    writeFileSync(join(folder, "config"), config(user, { "certificate-authority": "ca.pem" }));
    const access = resolveAccess({ kubeconfig: join(folder, "config") });
    expect([access.ca, access.cert, access.key].map(String)).toEqual(["from file", "pem", "pem"]);
    expect(access.authorization()).toBe("Bearer from file");
  });

  test.each([
    [{ token: "t" }, "Bearer t"],
    [{ username: "u", password: "p" }, `Basic ${Buffer.from("u:p").toString("base64")}`],
    [{ exec: { command: "echo", args: ['{"status": {"token": "e"}}'] } }, "Bearer e"],
    [{}, undefined],
  ])("%j authorises as %s", (user, expected) => {
    expect(resolveAccess({ kubeconfig: config(user) }).authorization()).toBe(expected);
  });

  test("a credential command that fails is named", () => {
    expect(() => resolveAccess({ kubeconfig: config({ exec: { command: "false" } }) })).toThrow(
      'credential command "false" failed',
    );
  });
});

describe("provider inputs", () => {
  const [one, other] = [config(), config({ token: "t" }, { server: "https://moved" })];
  test.each([
    ["nothing", { kubeconfig: one }, { kubeconfig: one }, {}],
    ["the SDK's version", { version: "1" }, { version: "2" }, {}],
    ["another token", { kubeconfig: one }, { kubeconfig: config({ token: "t2" }) }, { kubeconfig: { kind: "update" } }],
    ["another cluster", { kubeconfig: one }, { kubeconfig: other }, { kubeconfig: { kind: "update", replace: true } }],
    [
      "another context",
      { kubeconfig: one },
      { kubeconfig: one, context: "b" },
      { context: { kind: "update", replace: true } },
    ],
    [
      "a context with the same cluster",
      { kubeconfig: one },
      { kubeconfig: one, context: "a" },
      { context: { kind: "add" } },
    ],
    ["an unknown", { kubeconfig: one }, { kubeconfig: UNKNOWN }, { kubeconfig: { kind: "update", replace: true } }],
    ["a flag", {}, { enableConfigMapMutable: true }, { enableConfigMapMutable: { kind: "add" } }],
    [
      "the same identifier",
      { kubeconfig: one, clusterIdentifier: "x" },
      { kubeconfig: other, clusterIdentifier: "x" },
      { kubeconfig: { kind: "update" } },
    ],
    [
      "another identifier",
      { kubeconfig: one, clusterIdentifier: "x" },
      { kubeconfig: one, clusterIdentifier: "y" },
      { clusterIdentifier: { kind: "update", replace: true } },
    ],
  ])("%s", (_, olds, news, expected) => {
    expect(diffConfig(olds, news).detailed).toEqual(expected);
  });
});

describe("kinds", () => {
  test.each([
    ["v1", "Pod", { plural: "pods", namespaced: true }],
    ["v1", "Namespace", { plural: "namespaces", namespaced: false }],
    ["v1", "Endpoints", { plural: "endpoints", namespaced: true }],
    ["networking.k8s.io/v1", "NetworkPolicy", { plural: "networkpolicies", namespaced: true }],
    ["networking.k8s.io/v1", "Ingress", { plural: "ingresses", namespaced: true }],
    ["storage.k8s.io/v1", "StorageClass", { plural: "storageclasses", namespaced: false }],
    ["networking.k8s.io/v1", "IPAddress", { plural: "ipaddresses", namespaced: false }],
    ["discovery.k8s.io/v1", "EndpointSlice", { plural: "endpointslices", namespaced: true }],
    ["x.io/v1", "Pod", undefined],
  ])("%s %s", (apiVersion, kind, expected) => {
    expect(builtIn(apiVersion, kind)).toEqual(expected);
  });

  test.each([
    ["kubernetes:core/v1:Service", "v1", "Service"],
    ["kubernetes:apps/v1:Deployment", "apps/v1", "Deployment"],
    ["kubernetes:x.io/v1alpha1:Foo", "x.io/v1alpha1", "Foo"],
  ])("%s", (token, apiVersion, kind) => {
    expect(gvkOfToken(token)).toEqual({ apiVersion, kind });
  });
});
