import { backupStorePlan, bucketPolicy, tenantOf, usersFile } from "./backup-store.plan.ts";
import { kubeStateMetricsPlan } from "./kube-state-metrics.plan.ts";
import { nodeExporterPlan } from "./node-exporter.plan.ts";

const tenants = ["dev", "prod"].map((stack) =>
  tenantOf(stack, {
    keys: [[1, `key of ${stack}`]],
    expiry: [[1, `key of ${stack}'s expirer`]],
    cipherPass: `cipher of ${stack}`,
  }),
);
const store = backupStorePlan({
  tenants,
  users: usersFile([{ accessKey: "media-dev", secretKey: "key of dev" }]),
  rootSecret: "key of root",
  certPem: "certificate",
  keyPem: "key of certificate",
  volumeGi: 7,
});

describe("the backup store", () => {
  it("keeps its volume when the workload goes", () => {
    expect(store.volumes?.data).toEqual({ type: "claim", path: "/data", sizeGi: 7, retain: true });
    expect(store.rollout).toEqual({ recreate: true });
  });

  it("gives every tenant a bucket of its own, before it opens", () => {
    expect(store.files?.scripts?.data.tenants).toBe("media-dev media-dev-expiry\nmedia-prod media-prod-expiry\n");
    expect(Object.keys(store.init ?? {})).toEqual(["buckets"]);
  });

  it("lets the expirer's keys delete in their bucket, the others only the name that pgBackRest removes after each backup", () => {
    const text = store.files?.scripts?.data["media-dev.json"] as string;
    const { Statement } = JSON.parse(text) as {
      Statement: { Principal: unknown; Action: string[]; Resource: string[] }[];
    };
    const deleting = Statement.filter(({ Action }) => Action.some((action) => /Delete|\*|PutBucket/.test(action)));
    expect(deleting).toEqual([
      expect.objectContaining({
        Principal: { AWS: ["media-dev"] },
        Action: ["s3:DeleteObject"],
        Resource: ["arn:aws:s3:::media-dev/*/backup/main/latest"],
      }),
      expect.objectContaining({
        Principal: { AWS: ["media-dev-expiry"] },
        Resource: ["arn:aws:s3:::media-dev", "arn:aws:s3:::media-dev/*"],
      }),
    ]);
  });

  it("has names of their own for keys that follow others, all in the policy", () => {
    const keys = [2, 1].map((generation) => [generation, "key"] as const);
    const tenant = tenantOf("dev", { keys, expiry: keys, cipherPass: "" });
    expect(tenant.keys.map(({ accessKey }) => accessKey)).toEqual(["media-dev-2", "media-dev"]);
    expect(bucketPolicy(tenant)).toContain('{"AWS":["media-dev-expiry-2","media-dev-expiry"]}');
  });

  it("writes no key anywhere but into Secrets", () => {
    expect(JSON.stringify({ ...store, secrets: undefined })).not.toContain("key of");
  });

  it("speaks TLS, also to its probes", () => {
    expect(store.files?.scripts?.data["serve.sh"]).toContain("--cert /run/secrets/tls/tls.crt");
    expect(Object.values(store.probes ?? {}).map((probe) => probe.scheme)).toEqual(["HTTPS", "HTTPS", "HTTPS"]);
  });

  it("knows tenants as users, never as administrators", () => {
    const users = JSON.parse(usersFile([{ accessKey: "a", secretKey: "s" }]));
    expect(users).toEqual({
      accessAccounts: { a: { access: "a", secret: "s", role: "user", userID: 0, groupID: 0, projectID: 0 } },
    });
  });
});

it("lets kube-state-metrics watch what it reports, read nothing else, and no secrets", () => {
  const plan = kubeStateMetricsPlan();
  const rules = plan.rbac?.cluster ?? [];
  const reported = plan.args?.find((arg) => String(arg).startsWith("--resources="));
  expect(
    `--resources=${rules
      .flatMap((rule) => rule.resources)
      .sort()
      .join(",")}`,
  ).toBe(reported);
  expect(new Set(rules.flatMap((rule) => rule.verbs))).toEqual(new Set(["list", "watch"]));
  expect(rules.flatMap((rule) => rule.resources)).not.toContain("secrets");
});

it("gives the node exporter the host's folders to read, and nothing to write", () => {
  const { volumes = {}, nodeAgent } = nodeExporterPlan();
  expect(nodeAgent).toEqual({});
  expect(Object.values(volumes).every((volume) => volume.readOnly === true)).toBe(true);
});
