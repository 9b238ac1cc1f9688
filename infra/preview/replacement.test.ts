import { describe, expect, test } from "@jest/globals";
import { markdown } from "./markdown.plan.ts";
import { type Plant, put, renderStacks } from "./planted.fixtures.ts";

const { planted } = await renderStacks("dev");

const accessModes = put("spec.volumeClaimTemplates.0.spec.accessModes", ["ReadWriteMany"]);
const storage = "resources.requests.storage";

test("of a StatefulSet stops, names the property, what is lost and what to write", () => {
  const {
    stops,
    stacks: [stack],
  } = planted("dev", "StatefulSet postgres", accessModes);
  expect(stack?.changes).toMatchObject([{ action: "replace", order: "old first", confirmed: false }]);
  expect(stops).toHaveLength(1);
  expect(stops[0]?.text).toContain("`spec.volumeClaimTemplates[0].spec.accessModes` cannot be changed in place");
  expect(stops[0]?.text).toContain("their volumes stay");
  expect(stops[0]?.text).toContain('add "StatefulSet/postgres" to `media-platform:confirmReplacements`');
});

test("that the stack file confirms is told and does not stop", () => {
  const report = planted("dev", "StatefulSet postgres", accessModes, { confirmed: ["StatefulSet/postgres"] });
  expect(report.stops).toEqual([]);
  expect(markdown(report)).toContain("**It holds state:");
  expect(report.notes).toEqual([]);
});

test("is not what a larger volume makes: the claim grows in place", () => {
  const larger = put(`spec.${storage}`, "6Gi");
  const { stops, stacks } = planted("dev", "PersistentVolumeClaim data-postgres-0", larger);
  expect(stops).toEqual([]);
  expect(stacks[0]?.changes).toMatchObject([{ action: "update", title: "PersistentVolumeClaim data-postgres-0" }]);
  const template = put(`spec.volumeClaimTemplates.0.spec.${storage}`, "6Gi");
  expect(planted("dev", "StatefulSet postgres", template).stacks[0]?.changes).toEqual([]);
});

test("is not what another number of pods makes, and of a Deployment with an autoscaler it is no change at all", () => {
  const more = put("spec.replicas", 3);
  expect(planted("dev", "Deployment web", more).stacks[0]?.changes).toEqual([]);
  expect(planted("dev", "Deployment jaeger", more).stacks[0]?.changes).toMatchObject([{ action: "update" }]);
});

test("of a member's claim, for another storage class, stops", () => {
  const { stops } = planted("dev", "PersistentVolumeClaim data-postgres-0", put("spec.storageClassName", "fast"));
  expect(stops.map(({ text }) => text)).toEqual([expect.stringContaining("the data on its volume")]);
});

test("that is confirmed and does not take place is noted", () => {
  const report = planted("dev", "Deployment api", () => {}, { confirmed: ["StatefulSet/postgres"] });
  expect(report.notes).toEqual([expect.stringContaining('confirms "StatefulSet/postgres", which is neither')]);
});

describe("is forced by", () => {
  test.each<[title: string, path: string, value: unknown]>([
    ["Deployment api", "spec.selector.matchLabels.x", "y"],
    ["Service postgres", "spec.clusterIP", "None"],
    ["RoleBinding postgres", "roleRef.name", "other"],
    ["PersistentVolumeClaim loki-data", "spec.storageClassName", "fast"],
    ["StatefulSet postgres", "spec.serviceName", "other"],
    ["StatefulSet redis-state", "spec.revisionHistoryLimit", 9],
    ["RandomPassword database-password", "length", 40],
  ])("%s %s", (title, path, value) => {
    const {
      stacks: [found],
    } = planted("dev", title, put(path, value));
    const [replaced] = found?.changes.filter(({ action }) => action === "replace") ?? [];
    expect(replaced?.properties.filter(({ replaces }) => replaces).map((property) => property.path)).toEqual([path]);
  });
});

describe("is not forced by", () => {
  test.each<[title: string, change: Plant]>([
    ["StatefulSet postgres", put("spec.replicas", 5)],
    ["StatefulSet postgres", put("spec.updateStrategy", { type: "OnDelete" })],
    ["PersistentVolumeClaim loki-data", put(`spec.${storage}`, "100Gi")],
    ["Deployment api", put("metadata.labels.x", "y")],
  ])("%s (%#)", (title, change) => {
    const {
      stops,
      stacks: [found],
    } = planted("dev", title, change);
    expect(found?.changes).toMatchObject([{ action: "update" }]);
    expect(found?.changes[0]).not.toHaveProperty("restart");
    expect(stops.filter(({ what }) => what === "loss of state")).toEqual([]);
  });
});
