import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { readIgnored } from "./manifests.ts";
import { fileOf, type Swagger, schemaOf } from "./schemas.plan.ts";
import { criticalsOf, judge, type Scored } from "./scores.plan.ts";

const gvk = (group: string, version: string, kind: string) => ({
  "x-kubernetes-group-version-kind": [{ group, version, kind }],
});
const swagger: Swagger = {
  definitions: {
    "api.ServicePort": {
      type: "object",
      properties: { port: { type: "integer" }, targetPort: { type: "string", format: "int-or-string" } },
      required: ["port"],
    },
    "api.Quantity": { type: "string" },
    "api.Service": {
      type: "object",
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        ports: { type: "array", items: { $ref: "#/definitions/api.ServicePort" } },
        labels: { type: "object", additionalProperties: { type: "string" } },
        size: { $ref: "#/definitions/api.Quantity" },
      },
      ...gvk("", "v1", "Service"),
    },
    "api.Unused": { type: "object" },
    "networking.Policy": { type: "object", properties: {}, ...gvk("networking.k8s.io", "v1", "NetworkPolicy") },
  },
};
const service = { apiVersion: "v1", kind: "Service" };

describe("the schema of a kind", () => {
  const schema = schemaOf(swagger, service) as object;
  const accepts = new Ajv({ strict: false }).compile(schema);

  test.each([
    ["a port by number", { ports: [{ port: 1, targetPort: 2 }] }, true],
    ["a port by name", { ports: [{ port: 1, targetPort: "http" }] }, true],
    ["a quantity as a number", { size: 1 }, true],
    ["any label", { labels: { "a/b": "c" } }, true],
    ["no field that is not known", { prots: [] }, false],
    ["none inside either", { ports: [{ port: 1, prot: 2 }] }, false],
    ["no other type", { ports: [{ port: "1" }] }, false],
    ["no missing field", { ports: [{}] }, false],
  ])("accepts %s", (_, fields, expected) => {
    expect(accepts({ ...service, ...fields })).toBe(expected);
  });

  test("holds what it refers to and nothing else; a kind of others has none", () => {
    expect(Object.keys((schema as { definitions: object }).definitions).sort()).toEqual([
      "api.Quantity",
      "api.Service",
      "api.ServicePort",
    ]);
    expect(schemaOf(swagger, { apiVersion: "cert-manager.io/v1", kind: "Certificate" })).toBeUndefined();
  });

  test("is found by kubeconform under its name", () => {
    expect(fileOf(service)).toBe("service-v1.json");
    expect(fileOf({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" })).toBe(
      "networkpolicy-networking-v1.json",
    );
  });
});

describe("what kube-score calls critical", () => {
  const scored = (name: string, grade: number, skipped = false): Scored => ({
    object_meta: { name },
    type_meta: { kind: "Deployment" },
    checks: [{ check: { id: "probes", name: "Probes" }, grade, skipped, comments: [{ path: "api", summary: "bad" }] }],
  });
  const found = criticalsOf("dev", [scored("api", 1), scored("web", 10), scored("worker", 1, true)]);
  const because = "a reason that is long enough to be one";

  test("is read, and nothing else", () => {
    expect(found).toEqual([
      { stack: "dev", check: "probes", object: "Deployment api", name: "api", problem: "api: bad" },
    ]);
  });

  test("is open without a reason, or with one for another object or check", () => {
    expect(judge(found, []).open).toEqual(found);
    expect(judge(found, [{ check: "probes", objects: ["web"], because }]).open).toEqual(found);
    expect(judge(found, [{ check: "other", objects: "all", because }]).open).toEqual(found);
  });

  test("is closed by a reason; one that is not needed is found", () => {
    expect(judge(found, [{ check: "probes", objects: ["api"], because }])).toEqual({ open: [], idle: [] });
    expect(judge(found, [{ check: "probes", objects: ["api", "gone"], because }]).idle).toEqual(["probes: gone"]);
    expect(judge(found, [{ check: "other", objects: "all", because }]).idle).toEqual(["other: all"]);
  });
});

test("the list is read, and one without a reason is refused", async () => {
  expect((await readIgnored()).length).toBeGreaterThan(0);
  const folder = mkdtempSync(join(tmpdir(), "media-ignored-"));
  writeFileSync(join(folder, "a.yaml"), "- { check: probes, objects: all, because: short }\n");
  await expect(readIgnored(join(folder, "a.yaml"))).rejects.toThrow("because");
  rmSync(folder, { recursive: true });
});
