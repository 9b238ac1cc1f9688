import { describe, expect, test } from "@jest/globals";
import { SECRET_MARK, STACKS } from "./fixtures.ts";
import { containersOf, controllers, JOBS, objects, ofKind, podOf, podsOf, rendered } from "./rendered.ts";

const describeStack = describe.each(STACKS);

describeStack("hardening in %s", (stack) => {
  const restricted = controllers(stack).filter(({ metadata }) => metadata.namespace === `media-${stack}`);

  test("the namespaces enforce the pod security standards", () => {
    for (const { metadata } of ofKind(stack, "Namespace")) {
      const level = metadata.name?.endsWith("-node") ? "privileged" : "restricted";
      expect(metadata.labels?.["pod-security.kubernetes.io/enforce"]).toBe(level);
    }
  });

  test("pods meet the restricted standard", () => {
    for (const pod of restricted.map(podOf)) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC ?? false).toBe(false);
      expect(pod.volumes.filter((volume: object) => "hostPath" in volume)).toEqual([]);
    }
  });

  test("no container can gain privileges or write to its root", () => {
    for (const container of controllers(stack).flatMap(containersOf)) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  test("every container has a limit of memory, and all together ask for less CPU than a small machine has", () => {
    let milli = 0;
    for (const controller of controllers(stack)) {
      const requests = containersOf(controller).map(({ resources }) => {
        expect(resources.limits.memory).toMatch(/^\d+Mi$/);
        expect(resources.requests.cpu).toMatch(/^\d+m$/);
        return Number.parseInt(resources.requests.cpu, 10);
      });
      milli += podsOf(stack, controller).least * requests.reduce((sum, request) => sum + request, 0);
    }
    // Two stacks stand side by side on two cores; the rest is for the base stack, the cluster's own pods, and pods that are
    // being replaced, which in users' stacks with all their pods is 140 m.
    expect(milli).toBeGreaterThan(0);
    expect(milli).toBeLessThanOrEqual(930);
  });

  test("a token of the Kubernetes API is only where rules use it", () => {
    const bound = ofKind(stack, "RoleBinding", "ClusterRoleBinding").flatMap(({ subjects }) => subjects);
    const allowed = bound.map(({ name }: { name: string }) => name);
    for (const pod of controllers(stack).map(podOf)) {
      expect(pod.automountServiceAccountToken).toBe(allowed.includes(pod.serviceAccountName));
    }
  });

  test("long-running containers say when they are ready and when they are stuck", () => {
    for (const controller of controllers(stack).filter(({ kind }) => !JOBS.includes(kind))) {
      const main = podOf(controller).containers[0];
      expect([main.name, main.readinessProbe, main.livenessProbe]).toEqual([
        main.name,
        expect.anything(),
        expect.anything(),
      ]);
    }
  });

  test("workloads with several pods survive a drain", () => {
    const budgets = ofKind(stack, "PodDisruptionBudget").map(({ metadata }) => metadata.name);
    const several = controllers(stack).filter((controller) => podsOf(stack, controller).least > 1);
    expect(budgets.sort()).toEqual(several.map(({ metadata }) => metadata.name).sort());
  });

  test("an autoscaler's Deployment begins with its fewest pods, and no update sets their number again", () => {
    const scalers = ofKind(stack, "HorizontalPodAutoscaler");
    const names = scalers.map(({ metadata }) => metadata.name).sort();
    expect(names).toEqual(stack === "base" ? [] : ["api", "gateway", "web", "worker"]);
    for (const { spec } of scalers) {
      const [target] = ofKind(stack, "Deployment").filter(({ metadata }) => metadata.name === spec.scaleTargetRef.name);
      expect(target?.spec.replicas).toBe(spec.minReplicas);
      expect(spec.maxReplicas).toBeGreaterThan(spec.minReplicas);
    }
    const { resources } = rendered(stack);
    const left = resources.filter(({ ignoreChanges }) => ignoreChanges?.includes("spec.replicas"));
    expect(left.map(({ inputs, name }) => `${inputs.kind} ${name}`)).toEqual(names.map((name) => `Deployment ${name}`));
  });

  test("what ends by itself does so in its time, is not started again beside itself, and has no budget", () => {
    const budgets = ofKind(stack, "PodDisruptionBudget").map(({ metadata }) => metadata.name);
    for (const { metadata, spec } of ofKind(stack, "CronJob")) {
      expect(spec.concurrencyPolicy).toBe("Forbid");
      expect(spec.jobTemplate.spec.activeDeadlineSeconds).toBeGreaterThan(0);
      expect(spec.jobTemplate.spec.template.spec.restartPolicy).toBe("Never");
      expect(budgets).not.toContain(metadata.name);
    }
  });
});

describeStack("secrets of %s", (stack) => {
  test("appear in Secrets and nowhere else", () => {
    const leaking = objects(stack)
      .filter(({ kind }) => kind !== "Secret")
      .filter(
        (object) => JSON.stringify(object).includes(SECRET_MARK) || JSON.stringify(object).includes("PRIVATE KEY"),
      )
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(leaking).toEqual([]);
  });

  test("what leaves in outputs is named: credentials, the store's and, from the base, its tenants", () => {
    const telling = Object.entries(rendered(stack).outputs)
      .filter(([, value]) => JSON.stringify(value)?.includes(SECRET_MARK))
      .map(([name]) => name);
    expect(["backupStore", "backupStoreTenants", "credentials", "generatedBackupKey"]).toEqual(
      expect.arrayContaining(telling),
    );
  });

  test("ConfigMaps and Secrets that roll their pods are immutable and named by the provider", () => {
    for (const { metadata, immutable } of ofKind(stack, "ConfigMap", "Secret")) {
      expect([metadata.name, /-0a1b2c3d$/.test(metadata.name ?? "")]).toEqual([metadata.name, immutable === true]);
    }
  });
});

test("the CPU that dev asks for leaves room on two cores, also with all pods that its autoscalers may make", () => {
  const milli = controllers("dev").flatMap((controller) =>
    podOf(controller).containers.map(
      (c: { resources: { requests: { cpu: string } } }) =>
        Number.parseInt(c.resources.requests.cpu, 10) * podsOf("dev", controller).most,
    ),
  );
  expect(milli.reduce((sum: number, one: number) => sum + one, 0)).toBeLessThanOrEqual(1200);
});
