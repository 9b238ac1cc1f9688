import { describe, expect, test } from "@jest/globals";
import { findingsOf, policies } from "../policy/evaluate.ts";
import { exceptions } from "../policy/exceptions.ts";
import { stacksOf } from "./config.ts";
import { markdown } from "./markdown.plan.ts";
import { type Loose, MAIN, put, REPO, renderStacks } from "./planted.fixtures.ts";
import type { WithConfig } from "./render-all.ts";
import { forPolicies, reportOf } from "./report.plan.ts";

const stacks = stacksOf(REPO).sort();
const { renderings, renderingOf, resourcesOf, changed, planted } = await renderStacks(...stacks);

test("all six stacks are rendered without a cluster, a secret or a passphrase", () => {
  expect(stacks).toEqual(["base", "dev", "dr", "perf", "prod", "staging"]);
  for (const rendering of renderings)
    expect([rendering.stack, "problem" in rendering, rendering.problems]).toEqual([rendering.stack, false, []]);
});

test("the report of an unchanged tree is empty, and its stacks pass their own policies", () => {
  const report = reportOf({ base: "main at 0", notes: [], before: renderings, after: renderings });
  expect(report.stops).toEqual([]);
  for (const { changes, links } of report.stacks) expect([changes, links]).toEqual([[], { added: [], removed: [] }]);
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

describe("pods that roll", () => {
  test("are named with what makes them", () => {
    const report = planted("prod", "Deployment api", put(`${MAIN}.env.-`, { name: "ZZZ", value: "1" }));
    expect(report.stacks[0]?.changes).toMatchObject([
      { title: "Deployment api", restart: { pods: 3, stateful: false, why: ["containers[api].env[ZZZ]"] } },
    ]);
    expect(markdown(report)).toContain("- Deployment api (prod 3): `containers[api].env[ZZZ]`");
  });

  test("an inserted variable is one change, not all that follow it", () => {
    const {
      stacks: [found],
    } = planted("dev", "Deployment api", (o) =>
      o.spec.template.spec.containers[0].env.unshift({ name: "AAA", value: "1" }),
    );
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
    const report = changed("dev", resources);
    const [rolling] = report.stacks[0]?.changes.filter(({ restart }) => restart) ?? [];
    expect(rolling?.restart?.why).toEqual([`ConfigMap gateway-config: ${file}`]);
    // A new ConfigMap beside the old one: it holds no state, and the new name comes first.
    expect(report.stacks[0]?.changes.find(({ action }) => action === "replace")).toMatchObject({ order: "new first" });
  });
});

test("secrets are told to differ, and never shown", () => {
  const report = planted("dev", "Secret api-media", put("data.token-key", "bmV3LXZhbHVl"));
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
  const text = markdown(changed("dev", resources));
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
