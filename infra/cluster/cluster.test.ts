import { backupStorePlan, tenantOf, usersFile } from "./backup-store.plan.ts";
import { kubeStateMetricsPlan } from "./kube-state-metrics.plan.ts";
import { nodeExporterPlan } from "./node-exporter.plan.ts";

const tenants = [tenantOf("dev", "key of dev"), tenantOf("prod", "key of prod")];
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
    expect(store.files?.scripts?.data.tenants).toBe("media-dev media-dev\nmedia-prod media-prod\n");
    expect(Object.keys(store.init ?? {})).toEqual(["buckets"]);
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
