import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findingsOf, policies } from "../policy/evaluate.ts";
import { exceptions } from "../policy/exceptions.ts";
import { stacksOf } from "./config.ts";
import { markdown } from "./markdown.plan.ts";
import { renderAll, type WithConfig } from "./render-all.ts";
import { forPolicies, reportOf } from "./report.plan.ts";
import type { Rendered } from "./types.ts";

const REPO = join(import.meta.dirname, "../..");
const stacks = stacksOf(REPO).sort();
const renderings = await renderAll(stacks.map((stack) => ({ tree: REPO, stack })));

const renderingOf = (stack: string) => renderings.find((rendering) => rendering.stack === stack) as WithConfig;
function resourcesOf(stack: string): Rendered[] {
  const rendering = renderingOf(stack);
  if ("problem" in rendering) throw new Error(rendering.problem);
  // Not structuredClone: what it makes under jest has the prototypes of another realm.
  return JSON.parse(JSON.stringify(rendering.resources)) as Rendered[];
}

// biome-ignore lint/suspicious/noExplicitAny: planted changes reach arbitrary paths.
type Loose = any;
type Plant = (object: Loose, resources: Rendered[], resource: Rendered) => unknown;

/** The report of a stack in which the named resource ("Deployment api") was changed. */
function planted(stack: string, title: string, change: Plant, rest: Partial<WithConfig> = {}) {
  const resources = resourcesOf(stack);
  const [kind, name] = title.split(" ");
  const found = resources.find(
    (resource) => resource.type.endsWith(`:${kind}`) && [resource.name, nameOf(resource)].includes(name),
  );
  if (!found) throw new Error(`${stack} has no ${title}`);
  change(found.inputs, resources, found);
  const before = [renderingOf(stack)];
  return reportOf({ base: "main at 0", notes: [], before, after: [{ ...renderingOf(stack), resources, ...rest }] });
}
const nameOf = ({ inputs }: Rendered) => (inputs.metadata as { name?: string } | undefined)?.name;
const pod = (object: Loose) => object.spec.template.spec;
const container = (object: Loose) => pod(object).containers[0];

test("all six stacks are rendered without a cluster, a secret or a passphrase", () => {
  expect(stacks).toEqual(["base", "dev", "dr", "perf", "prod", "staging"]);
  for (const rendering of renderings)
    expect([rendering.stack, "problem" in rendering, rendering.problems]).toEqual([rendering.stack, false, []]);
});

test("the report of an unchanged tree is empty, and its stacks pass their own policies", () => {
  const report = reportOf({ base: "main at 0", notes: [], before: renderings, after: renderings });
  expect(report.stops).toEqual([]);
  for (const { changes, violations, links } of report.stacks)
    expect([changes, violations, links]).toEqual([[], [], { added: [], removed: [] }]);
  expect(markdown(report)).toContain("Nothing would change in any stack.");
});

test("every exception is needed in some stack", () => {
  const all = stacks.map((stack) => resourcesOf(stack).map(forPolicies));
  for (const { policy: name, workload } of exceptions) {
    const policy = policies.find((candidate) => candidate.name === name);
    const others = exceptions.filter((entry) => entry.policy !== name || entry.workload !== workload);
    const needed = policy && all.some((resources) => findingsOf(policy, resources, others).length > 0);
    expect([name, workload, needed]).toEqual([name, workload, true]);
  }
});

describe("a planted bad change stops, by the right policy", () => {
  const plants: [string, string, Plant, string?][] = [
    [
      "pod-not-privileged",
      "Deployment api",
      (o) => {
        container(o).securityContext.privileged = true;
      },
    ],
    [
      "pod-no-host-network",
      "Deployment gateway",
      (o) => {
        pod(o).hostNetwork = true;
      },
    ],
    [
      "pod-no-host-processes",
      "Deployment worker",
      (o) => {
        pod(o).hostPID = true;
      },
    ],
    ["pod-no-host-path", "Deployment api", (o) => pod(o).volumes.push({ name: "etc", hostPath: { path: "/etc" } })],
    [
      "pod-no-privilege-escalation",
      "Deployment api",
      (o) => {
        container(o).securityContext.allowPrivilegeEscalation = true;
      },
    ],
    [
      "pod-not-root",
      "StatefulSet postgres",
      (o) => {
        pod(o).securityContext.runAsUser = 0;
      },
    ],
    [
      "pod-drops-capabilities",
      "Deployment loki",
      (o) => {
        delete container(o).securityContext.capabilities;
      },
    ],
    [
      "pod-adds-no-capability",
      "Deployment loki",
      (o) => {
        container(o).securityContext.capabilities.add = ["SYS_ADMIN"];
      },
    ],
    [
      "pod-has-seccomp",
      "Deployment api",
      (o) => {
        delete pod(o).securityContext.seccompProfile;
      },
    ],
    [
      "pod-read-only-root",
      "Deployment api",
      (o) => {
        container(o).securityContext.readOnlyRootFilesystem = false;
      },
    ],
    [
      "pod-own-account",
      "Deployment api",
      (o) => {
        delete pod(o).serviceAccountName;
      },
    ],
    [
      "rights-are-used",
      "Deployment api",
      (o) => {
        pod(o).automountServiceAccountToken = true;
      },
    ],
    [
      "rbac-no-wildcard",
      "Role postgres",
      (o) => {
        o.rules[0].verbs = ["*"];
      },
    ],
    [
      "rbac-secrets-by-name",
      "Role postgres",
      (o) => o.rules.push({ apiGroups: [""], resources: ["secrets"], verbs: ["list"] }),
    ],
    [
      "no-cluster-admin",
      "RoleBinding postgres",
      (o) => {
        o.roleRef = { kind: "ClusterRole", name: "cluster-admin" };
      },
    ],
    [
      "image-has-version",
      "Deployment api",
      (o) => {
        container(o).image = "registry.example.com/api:latest";
      },
    ],
    [
      "image-publisher-listed",
      "Deployment jaeger",
      (o) => {
        container(o).image = "docker.io/jaegertracinq/jaeger:2";
      },
    ],
    [
      "container-requests",
      "Deployment api",
      (o) => {
        delete container(o).resources.requests;
      },
    ],
    [
      "container-memory-limit",
      "Deployment api",
      (o) => {
        delete container(o).resources.limits;
      },
    ],
    [
      "main-container-probes",
      "Deployment api",
      (o) => {
        delete container(o).livenessProbe;
      },
    ],
    ["no-secret-in-env", "Deployment api", (o) => container(o).env.push({ name: "DB_PASSWORD", value: "hunter2" })],
    [
      "secret-data-is-secret",
      "Secret api-media",
      (_o, _all, resource) => {
        resource.secretPaths = [];
      },
    ],
    [
      "service-exposed-if-listed",
      "Service postgres",
      (o) => {
        o.spec.type = "NodePort";
      },
    ],
    [
      "several-pods-have-budget",
      "PodDisruptionBudget api",
      (_o, all, resource) => all.splice(all.indexOf(resource), 1),
      "prod",
    ],
    ["pod-has-network-policy", "NetworkPolicy links-api", (_o, all, resource) => all.splice(all.indexOf(resource), 1)],
    [
      "namespace-denies-by-default",
      "NetworkPolicy links-default-deny",
      (o) => {
        o.spec.egress = [{}];
      },
    ],
    [
      "namespace-restricted",
      "Namespace media-dev",
      (o) => {
        o.metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline";
      },
    ],
    [
      "users-data-is-protected",
      "PersistentVolumeClaim loki-data",
      (_o, _all, resource) => {
        resource.protect = false;
      },
      "prod",
    ],
    [
      "job-ends",
      "CronJob prober",
      (o) => {
        o.spec.concurrencyPolicy = "Allow";
      },
    ],
  ];
  test.each(plants)("%s", (policy, title, change, stack = "dev") => {
    const { stops } = planted(stack, title, change);
    expect(stops.map(({ what }) => what)).toContain(`policy ${policy}`);
    const [stop] = stops.filter(({ what }) => what === `policy ${policy}`);
    expect(stop?.text).toMatch(/^\w+ [\w.-]+: `.*` .*\. Write instead: .+\.$/);
  });
});

describe("a replacement", () => {
  const accessModes: Plant = (o) => {
    o.spec.volumeClaimTemplates[0].spec.accessModes = ["ReadWriteMany"];
  };

  test("of a StatefulSet stops, names the property, what is lost and what to write", () => {
    const {
      stops,
      stacks: [stack],
    } = planted("dev", "StatefulSet postgres", accessModes);
    expect(stack?.changes).toMatchObject([{ action: "replace", order: "old first", confirmed: false }]);
    expect(stops).toHaveLength(1);
    expect(stops[0]?.text).toContain("`spec.volumeClaimTemplates[0].spec.accessModes` cannot be changed in place");
    expect(stops[0]?.text).toContain("their volumes are deleted with it");
    expect(stops[0]?.text).toContain('add "StatefulSet/postgres" to `media-platform:confirmReplacements`');
  });

  test("that the stack file confirms is told and does not stop", () => {
    const report = planted("dev", "StatefulSet postgres", accessModes, { confirmed: ["StatefulSet/postgres"] });
    expect(report.stops).toEqual([]);
    expect(markdown(report)).toContain("**It holds state:");
    expect(report.notes).toEqual([]);
  });

  test("that is confirmed and does not take place is noted", () => {
    const report = planted("dev", "Deployment api", () => {}, { confirmed: ["StatefulSet/postgres"] });
    expect(report.notes).toEqual([expect.stringContaining('confirms "StatefulSet/postgres", which is neither')]);
  });

  test.each<[string, string, Plant, string]>([
    [
      "dev",
      "Deployment api",
      (o) => {
        o.spec.selector.matchLabels.x = "y";
      },
      "spec.selector.matchLabels.x",
    ],
    [
      "dev",
      "Service postgres",
      (o) => {
        o.spec.clusterIP = "None";
      },
      "spec.clusterIP",
    ],
    [
      "dev",
      "RoleBinding postgres",
      (o) => {
        o.roleRef.name = "other";
      },
      "roleRef.name",
    ],
    [
      "dev",
      "PersistentVolumeClaim loki-data",
      (o) => {
        o.spec.storageClassName = "fast";
      },
      "spec.storageClassName",
    ],
    [
      "dev",
      "StatefulSet postgres",
      (o) => {
        o.spec.serviceName = "other";
      },
      "spec.serviceName",
    ],
    [
      "dev",
      "RandomPassword database-password",
      (o) => {
        o.length = 40;
      },
      "length",
    ],
  ])("%s %s", (stack, title, change, path) => {
    const {
      stacks: [found],
    } = planted(stack, title, change);
    const [replaced] = found?.changes.filter(({ action }) => action === "replace") ?? [];
    expect(replaced?.properties.filter(({ replaces }) => replaces).map((property) => property.path)).toEqual([path]);
  });

  test.each<[string, Plant]>([
    [
      "StatefulSet postgres",
      (o) => {
        o.spec.replicas = 5;
      },
    ],
    [
      "StatefulSet postgres",
      (o) => {
        o.spec.updateStrategy = { type: "OnDelete" };
      },
    ],
    [
      "PersistentVolumeClaim loki-data",
      (o) => {
        o.spec.resources.requests.storage = "100Gi";
      },
    ],
    [
      "Deployment api",
      (o) => {
        o.metadata.labels.x = "y";
      },
    ],
  ])("is none: %s (%#)", (title, change) => {
    const {
      stops,
      stacks: [found],
    } = planted("dev", title, change);
    expect(found?.changes).toMatchObject([{ action: "update" }]);
    expect(found?.changes[0]).not.toHaveProperty("restart");
    expect(stops.filter(({ what }) => what === "loss of state")).toEqual([]);
  });
});

describe("pods that roll", () => {
  test("are named with what makes them", () => {
    const report = planted("prod", "Deployment api", (o) => container(o).env.push({ name: "ZZZ", value: "1" }));
    expect(report.stacks[0]?.changes).toMatchObject([
      { title: "Deployment api", restart: { pods: 3, stateful: false, why: ["containers[api].env[ZZZ]"] } },
    ]);
    expect(markdown(report)).toContain("- Deployment api (prod 3): `containers[api].env[ZZZ]`");
  });

  test("an inserted variable is one change, not all that follow it", () => {
    const {
      stacks: [found],
    } = planted("dev", "Deployment api", (o) => container(o).env.unshift({ name: "AAA", value: "1" }));
    expect(found?.changes[0]?.properties.map(({ path }) => path)).toEqual([
      "spec.template.spec.containers[api].env[AAA]",
    ]);
  });

  test("because of a file are told its name, not that of the ConfigMap", () => {
    const resources = resourcesOf("dev");
    const map = resources.find(({ type, name }) => type.endsWith(":ConfigMap") && name === "gateway-config");
    const gateway = resources.find(({ type, name }) => type.endsWith(":Deployment") && name === "gateway");
    if (!map || !gateway) throw new Error("the gateway has another shape");
    const inputs = map.inputs as Loose;
    const [file = ""] = Object.keys(inputs.data);
    inputs.data[file] += "# changed\n";
    const before = inputs.metadata.name as string;
    inputs.metadata.name = "gateway-config-00000000";
    gateway.inputs = JSON.parse(JSON.stringify(gateway.inputs).replaceAll(before, inputs.metadata.name));
    const report = reportOf({
      base: "b",
      notes: [],
      before: [renderingOf("dev")],
      after: [{ ...renderingOf("dev"), resources }],
    });
    const [rolling] = report.stacks[0]?.changes.filter(({ restart }) => restart) ?? [];
    expect(rolling?.restart?.why).toEqual([`ConfigMap gateway-config: ${file}`]);
    // A new ConfigMap beside the old one: it holds no state, and the new name comes first.
    expect(report.stacks[0]?.changes.find(({ action }) => action === "replace")).toMatchObject({ order: "new first" });
  });
});

test("secrets are told to differ, and never shown", () => {
  const report = planted("dev", "Secret api-media", (o) => {
    o.data["token-key"] = "bmV3LXZhbHVl";
  });
  expect(JSON.stringify(report)).not.toContain("bmV3LXZhbHVl");
  expect(markdown(report)).toContain("data.token-key");
});

test("created, deleted, cost and links are told", () => {
  const resources = resourcesOf("dev").filter(
    ({ type, name }) => !(type.endsWith(":PersistentVolumeClaim") && name === "loki-data"),
  );
  const policy = resources.find(({ type, name }) => type.endsWith(":NetworkPolicy") && name === "links-api");
  if (!policy) throw new Error("the api has no NetworkPolicy");
  (policy.inputs as Loose).spec.egress.push({
    to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "redis-state" } } }],
    ports: [{ port: 1 }],
  });
  resources.push({
    type: "kubernetes:core/v1:ConfigMap",
    name: "new",
    protect: false,
    secretPaths: [],
    inputs: { kind: "ConfigMap", metadata: { name: "new" } },
  });
  const text = markdown(
    reportOf({ base: "b", notes: [], before: [renderingOf("dev")], after: [{ ...renderingOf("dev"), resources }] }),
  );
  expect(text).toContain("### Created\n- ConfigMap new (dev)");
  expect(text).toContain("- PersistentVolumeClaim loki-data (dev). **It holds state: the data on its volume.**");
  expect(text).toContain("+ api → redis-state:1");
  expect(text).toMatch(/\| dev \| storage \(GiB\) \| \d+ \| \d+ \| -\d+ \|/);
});

test("a side that does not build stops, and nothing of that stack is said", () => {
  const broken: WithConfig = { stack: "dev", problem: "SyntaxError: x", confirmed: [], problems: [] };
  for (const [before, after] of [
    [broken, renderingOf("dev")],
    [renderingOf("dev"), broken],
  ] as const) {
    const report = reportOf({ base: "main at 0", notes: [], before: [before], after: [after] });
    expect(report.stops).toMatchObject([{ what: expect.stringMatching(/^not built: /), text: "SyntaxError: x" }]);
    expect(report.stacks).toEqual([]);
  }
});
