import { expect, test } from "@jest/globals";
import { policies } from "../policy/evaluate.ts";
import { gone, MAIN, type Plant, POD, put, renderStacks } from "./planted.fixtures.ts";

const { planted } = await renderStacks("dev", "prod");

/** Policy that must stop it, the resource that is changed, the change, and the stack. */
const PLANTS: readonly [policy: string, resource: string, change: Plant, stack?: "dev" | "prod"][] = [
  ["pod-not-privileged", "Deployment api", put(`${MAIN}.securityContext.privileged`, true)],
  ["pod-no-host-network", "Deployment gateway", put(`${POD}.hostNetwork`, true)],
  ["pod-no-host-processes", "Deployment worker", put(`${POD}.hostPID`, true)],
  ["pod-no-host-path", "Deployment api", put(`${POD}.volumes.-`, { name: "etc", hostPath: { path: "/etc" } })],
  ["pod-no-runtime-socket", "Deployment api", put(`${POD}.volumes.-`, { name: "run", hostPath: { path: "/run" } })],
  ["pod-no-host-port", "Deployment web", put(`${MAIN}.ports.0.hostPort`, 80)],
  ["pod-no-privilege-escalation", "Deployment api", put(`${MAIN}.securityContext.allowPrivilegeEscalation`, true)],
  ["pod-not-root", "StatefulSet postgres", put(`${POD}.securityContext.runAsUser`, 0)],
  ["pod-drops-capabilities", "Deployment loki", put(`${MAIN}.securityContext.capabilities`, undefined)],
  ["pod-adds-no-capability", "Deployment loki", put(`${MAIN}.securityContext.capabilities.add`, ["SYS_ADMIN"])],
  ["pod-has-seccomp", "Deployment api", put(`${POD}.securityContext.seccompProfile`, undefined)],
  ["pod-read-only-root", "Deployment api", put(`${MAIN}.securityContext.readOnlyRootFilesystem`, false)],
  ["pod-own-account", "Deployment api", put(`${POD}.serviceAccountName`, undefined)],
  ["rights-are-used", "Deployment api", put(`${POD}.automountServiceAccountToken`, true)],
  ["rbac-no-wildcard", "Role postgres", put("rules.0.verbs", ["*"])],
  [
    "rbac-secrets-by-name",
    "Role postgres",
    put("rules.-", { apiGroups: [""], resources: ["secrets"], verbs: ["list"] }),
  ],
  ["rbac-no-exec", "Role postgres", put("rules.-", { apiGroups: [""], resources: ["pods/exec"], verbs: ["create"] })],
  ["no-cluster-admin", "RoleBinding postgres", put("roleRef", { kind: "ClusterRole", name: "cluster-admin" })],
  ["image-has-version", "Deployment api", put(`${MAIN}.image`, "registry.example.com/api:latest")],
  ["image-publisher-listed", "Deployment jaeger", put(`${MAIN}.image`, "docker.io/jaegertracinq/jaeger:2")],
  ["container-requests", "Deployment api", put(`${MAIN}.resources.requests`, undefined)],
  ["container-memory-limit", "Deployment api", put(`${MAIN}.resources.limits`, undefined)],
  ["scratch-has-limit", "Deployment api", put(`${POD}.volumes.-`, { name: "scratch", emptyDir: {} })],
  ["main-container-probes", "Deployment api", put(`${MAIN}.livenessProbe`, undefined)],
  ["start-has-time", "Deployment gateway", put(`${MAIN}.livenessProbe.failureThreshold`, 1)],
  ["stop-leaves-time", "DaemonSet log-agent", put(`${POD}.terminationGracePeriodSeconds`, 4)],
  ["no-secret-in-env", "Deployment api", put(`${MAIN}.env.-`, { name: "DB_PASSWORD", value: "hunter2" })],
  ["no-secret-in-args", "Deployment api", put(`${MAIN}.args`, ["--db=postgres://app:hunter2@db/app"])],
  ["no-secret-in-configmap", "ConfigMap gateway-config", put(["data", "server.key"], "x")],
  [
    "secret-data-is-secret",
    "Secret api-media",
    (_object, _all, resource) => {
      resource.secretPaths = [];
    },
  ],
  ["service-exposed-if-listed", "Service postgres", put("spec.type", "NodePort")],
  ["service-no-external-address", "Service api", put("spec.externalIPs", ["10.0.0.1"])],
  ["references-are-there", "Deployment api", put(`${POD}.serviceAccountName`, "apy")],
  ["selector-selects-pods", "Service api", put(["spec", "selector", "app.kubernetes.io/name"], "apy")],
  ["several-pods-have-budget", "PodDisruptionBudget api", gone, "prod"],
  ["serving-has-two", "HorizontalPodAutoscaler web", put("spec.minReplicas", 1), "prod"],
  ["rollout-keeps-serving", "Deployment web", put("spec.strategy", { type: "Recreate" }), "prod"],
  ["pod-has-network-policy", "NetworkPolicy links-api", gone],
  // An undeclared link: the api is still given addresses that its rules no longer let it reach.
  ["address-has-link", "NetworkPolicy links-api", put("spec.egress", [])],
  ["network-policy-has-ends", "NetworkPolicy links-api", put("spec.egress.-", {})],
  ["namespace-denies-by-default", "NetworkPolicy links-default-deny", put("spec.egress", [{}])],
  ["namespace-has-quota", "ResourceQuota media-dev-quota", gone],
  ["namespace-has-defaults", "LimitRange media-dev-defaults", gone],
  [
    "namespace-restricted",
    "Namespace media-dev",
    put(["metadata", "labels", "pod-security.kubernetes.io/enforce"], "baseline"),
  ],
  [
    "users-data-is-protected",
    "PersistentVolumeClaim loki-data",
    (_object, _all, resource) => {
      resource.protect = false;
    },
    "prod",
  ],
  ["job-ends", "CronJob prober", put("spec.concurrencyPolicy", "Allow")],
];

test("at least 20 kinds of bad changes are planted", () => {
  expect(new Set(PLANTS.map(([policy]) => policy)).size).toBeGreaterThanOrEqual(20);
});

test.each(PLANTS)(
  "%s stops a change of %s, with the field and what to write instead",
  (name, title, change, stack = "dev") => {
    const policy = policies.find((one) => one.name === name);
    const { stops } = planted(stack, title, change);
    const [stop] = stops.filter(({ what }) => what === `policy ${name}`);
    expect(stop?.stacks).toEqual([stack]);
    expect(stop?.text).toMatch(/^\w+ [\w.-]+: `.+` .+\. Write instead: /);
    expect(stop?.text.endsWith(`Write instead: ${policy?.instead}.`)).toBe(true);
  },
);

test("the same stacks without a planted change are not stopped", () => {
  for (const stack of ["dev", "prod"] as const) {
    const { stops } = planted(stack, "Deployment api", () => {});
    expect(stops).toEqual([]);
  }
});
