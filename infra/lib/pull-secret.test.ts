import { expect, test } from "@jest/globals";
import type * as pulumi from "@pulumi/pulumi";
import { planContext, tiny } from "./lib.fixtures.ts";
import { podTemplate } from "./pod.plan.ts";
import { priorityClassPlan } from "./priority.plan.ts";
import { PULL_SECRET, pullSecretPlan } from "./pull-secret.plan.ts";

const settled = (value: pulumi.Output<string>) => new Promise<string>((resolve) => value.apply(resolve));

// biome-ignore lint/suspicious/noExplicitAny: pod specs are read at arbitrary paths.
const specOf = (changes: object, context = {}): any =>
  podTemplate({ ...tiny, ...changes } as never, { ...planContext, ...context }, {}).spec;

test("the Secret is what the kubelet reads: by registry, user and password", async () => {
  const { type, data, metadata } = pullSecretPlan("prod", "media-prod", {
    "registry.example.com": { username: "media", password: "p:w" },
  });
  expect([type, metadata.name]).toEqual(["kubernetes.io/dockerconfigjson", PULL_SECRET]);
  const text = Buffer.from(await settled(data[".dockerconfigjson"]), "base64").toString();
  const auth = Buffer.from("media:p:w").toString("base64");
  expect(JSON.parse(text)).toEqual({ auths: { "registry.example.com": { username: "media", password: "p:w", auth } } });
});

test("every pod pulls by it where there is one, and by none where there is none", () => {
  expect(specOf({}, { pullSecret: PULL_SECRET }).imagePullSecrets).toEqual([{ name: PULL_SECRET }]);
  expect(specOf({})).not.toHaveProperty("imagePullSecrets");
});

test("what keeps data goes before what serves users, and that before all the rest", () => {
  const classOf = (component: string) => specOf({ component }).priorityClassName;
  expect([classOf("data"), classOf("app"), classOf("observability")]).toEqual([
    "media-dev-data",
    "media-dev-app",
    undefined,
  ]);
  expect(priorityClassPlan("dev", "data").value).toBeGreaterThan(priorityClassPlan("dev", "app").value);
  expect(priorityClassPlan("dev", "app").value).toBeGreaterThan(0);
});
