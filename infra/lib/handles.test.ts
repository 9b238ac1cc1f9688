import { describe, expect, test } from "@jest/globals";
import { UserError } from "./errors.ts";
import { endpointOf, hostPort } from "./handles.ts";
import { Transforms } from "./transforms.ts";
import type { Manifest } from "./workload.types.ts";

describe("an endpoint", () => {
  test("is a service of the workload, with the number of its port", () => {
    const endpoint = endpointOf("pgbouncer", "pgbouncer:pgbouncer");
    expect(endpoint).toEqual({ link: "pgbouncer:pgbouncer", host: "pgbouncer", port: 6432, dependsOn: [] });
    expect(hostPort(endpoint)).toBe("pgbouncer:6432");
  });

  test("of another workload's service is an error", () => {
    expect(() => endpointOf("pgbouncer", "postgres:postgresql")).toThrow(
      "pgbouncer has no service postgres:postgresql: it belongs to postgres",
    );
  });
});

describe("transforms", () => {
  const manifest = (kind: string): Manifest => ({ apiVersion: "v1", kind, metadata: { labels: {} } });
  const mark = (value: string) => (object: Manifest) => ({ ...object, mark: value });
  const apply = (transform: Record<string, (object: Manifest) => Manifest>) => {
    const transforms = new Transforms({ name: "api", transform });
    const made = [
      ["api", "Service"],
      ["api-config", "ConfigMap"],
      ["api-more", "ConfigMap"],
    ].map(([name = "", kind = ""]) => transforms.apply(name, manifest(kind)).mark);
    return { made, transforms };
  };

  test("change the child of that name, else all of the kind, and no other", () => {
    const { made, transforms } = apply({ ConfigMap: mark("all"), "ConfigMap/api-more": mark("one") });
    expect(made).toEqual([undefined, "all", "one"]);
    expect(() => transforms.checkKeys()).not.toThrow();
  });

  test.each(["Deploymnt", "Deployment/web", "ConfigMap/web-config"])("that name no child are an error: %s", (key) => {
    const { transforms } = apply({ [key]: mark("never") });
    expect(() => transforms.checkKeys()).toThrow(UserError);
    expect(() => transforms.checkKeys()).toThrow(
      `api: transform names ${key}, which it does not have. It has: Service/api, ConfigMap/api-config, ConfigMap/api-more`,
    );
  });
});
