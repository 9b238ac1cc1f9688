import { describe, expect, test } from "@jest/globals";
import { succeeded, summary } from "./project.ts";
import { world } from "./story.ts";

const w = world();

describe("small edits", () => {
  test("create, no change, update, replace, delete", async () => {
    const project = await w.project("edits");
    const path = (name: string) => `/api/v1/namespaces/edits/services/${name}`;
    const service = (ports: string, more = "") => `new k8s.core.v1.Service("web", {
      metadata: { name: "web", labels: { tier: "front" } }, spec: { type: "ClusterIP", ports: [${ports}]${more} } });`;

    expect(summary(await project.up(service("{ port: 80 }")))).toEqual(["create web"]);
    const created = (await project.state()).web;
    expect(created?.id).toBe("edits/web");
    expect(created?.inputs.metadata).toMatchObject({ name: "web", namespace: "edits" });
    expect(created?.outputs.__inputs.spec).toEqual({ type: "ClusterIP", ports: [{ port: 80 }] });
    expect(created?.outputs.spec.clusterIP).toMatch(/^10\.255\./);

    expect(summary(await project.up(service("{ port: 80 }")))).toEqual([]);

    const updated = await project.up(service("{ port: 81 }"));
    expect(summary(updated)).toEqual(["update web"]);
    expect(Object.keys(updated.steps[0]?.diffs ?? {})).toEqual(["spec.ports[0].port"]);
    expect((await w.get(path("web")))?.spec).toMatchObject({ ports: [{ port: 81 }] });

    const replaced = await project.up(service("{ port: 81 }", `, clusterIP: "None"`));
    // The name is fixed, so that the old one has to go first.
    expect(summary(replaced)).toEqual(["delete-replaced web", "replace web", "create-replacement web"]);
    expect((await project.state()).web?.outputs.metadata.uid).not.toBe(created?.outputs.metadata.uid);

    expect(summary(await project.up(""))).toEqual(["delete web"]);
    expect(await w.get(path("web"))).toBeUndefined();
    expect(await project.state()).toEqual({});
  });

  test("an autonamed ConfigMap is replaced by a new one before the old one goes", async () => {
    const project = await w.project("autoname");
    const map = (value: string) => `export const name = new k8s.core.v1.ConfigMap("conf", {
      immutable: true, data: { key: "${value}" } }).metadata.name;`;
    await project.up(map("one"));
    const first = (await project.state()).conf;
    expect(first?.outputs.metadata.name).toMatch(/^conf-[0-9a-f]{8}$/);
    expect(first?.inputs.metadata.annotations).toEqual({ "pulumi.com/autonamed": "true" });

    const replaced = await project.up(map("two"));
    expect(summary(replaced)).toEqual(["create-replacement conf", "replace conf", "delete-replaced conf"]);
    const second = (await project.state()).conf;
    expect(second?.outputs.metadata.name).toMatch(/^conf-[0-9a-f]{8}$/);
    expect(second?.outputs.metadata.name).not.toBe(first?.outputs.metadata.name);
    expect(await w.get(`/api/v1/namespaces/autoname/configmaps/${first?.outputs.metadata.name}`)).toBeUndefined();
  });

  test("a rename without an alias collides with itself; with one it changes nothing", async () => {
    const project = await w.project("rename");
    const map = (name: string, opts = "{}") =>
      `new k8s.core.v1.ConfigMap("${name}", { metadata: { name: "fixed" }, data: { a: "1" } }, ${opts});`;
    await project.up(map("old"));
    const uid = (await project.state()).old?.outputs.metadata.uid;

    const collided = await project.tryUp(map("new"));
    expect(collided.code).not.toBe(0);
    expect(collided.output).toMatch(/already exists|is on the cluster already/);
    expect(Object.keys(await project.state())).toEqual(["old"]);

    expect(summary(await project.up(map("new", `{ aliases: [{ name: "old" }] }`)))).toEqual([]);
    const state = await project.state();
    expect(Object.keys(state)).toEqual(["new"]);
    expect(state.new?.outputs.metadata.uid).toBe(uid);
  });

  test("import takes over what is there, and says so when the program differs", async () => {
    const project = await w.project("imports");
    const body = { metadata: { name: "there", labels: { a: "1" } }, data: { k: "v" } };
    await w.client.json("POST", "/api/v1/namespaces/imports/configmaps", { body });
    const map = (value: string, opts = "{}") => `new k8s.core.v1.ConfigMap("m", {
      metadata: { name: "there", namespace: "imports", labels: { a: "${value}" } }, data: { k: "v" } }, ${opts});`;
    const differs = await project.preview(map("2", `{ import: "imports/there" }`));
    expect(summary(differs)).toEqual(["import m", "update m"]);

    expect(summary(await project.up(map("1", `{ import: "imports/there" }`)))).toEqual(["import m"]);
    expect((await project.state()).m?.id).toBe("imports/there");
    expect(summary(await project.up(map("1")))).toEqual([]);
  });

  test("refresh finds drift in what the program declares and nothing else; up sets it right", async () => {
    const project = await w.project("drift");
    const program = `new k8s.core.v1.ConfigMap("m", { metadata: { name: "m", labels: { a: "1" } }, data: { k: "v" } }, {});`;
    await project.config("kubernetes:enableConfigMapMutable", "true");
    await project.up(program);
    const path = "/api/v1/namespaces/drift/configmaps/m";
    // What kubectl wrote is taken back without a word; what any other manager added stays.
    const drift = async (fieldManager: string, body: object) =>
      w.client.json("PATCH", path, { body, contentType: "application/merge-patch+json", query: { fieldManager } });
    await drift("kubectl", { metadata: { labels: { a: "2" } } });
    await drift("somebody", { metadata: { labels: { foreign: "x" } }, data: { other: "y" } });

    succeeded(await project.refresh());
    const drifted = (await project.state()).m;
    expect(drifted?.inputs.metadata.labels).toEqual({ a: "2" });
    expect(drifted?.inputs.data).toEqual({ k: "v" });
    expect(drifted?.outputs.data).toEqual({ k: "v", other: "y" });

    const mended = await project.tryUp(program);
    expect(summary(succeeded(mended))).toEqual(["update m"]);
    expect((await w.get(path))?.metadata).toMatchObject({ labels: { a: "1", foreign: "x" } });
    expect(summary(await project.up(program))).toEqual([]);

    await w.client.json("DELETE", path);
    succeeded(await project.refresh());
    expect(await project.state()).toEqual({});
    expect(summary(await project.up(program))).toEqual(["create m"]);
  });

  test("ignoreChanges leaves a field to whoever changed it", async () => {
    const project = await w.project("ignore");
    const deployment = (replicas: number, image: string) => `new k8s.apps.v1.Deployment("d", {
      metadata: { name: "d", annotations: { "pulumi.com/skipAwait": "true" } },
      spec: { replicas: ${replicas}, selector: { matchLabels: { a: "d" } }, template: { metadata: { labels: { a: "d" } },
        spec: { containers: [{ name: "c", image: "${image}" }] } } } }, { ignoreChanges: ["spec.replicas"] });`;
    await project.up(deployment(1, "example.org/a:1"));
    const path = "/apis/apps/v1/namespaces/ignore/deployments/d";
    const scaled = { body: { spec: { replicas: 3 } }, contentType: "application/merge-patch+json" };
    await w.client.json("PATCH", path, { ...scaled, query: { fieldManager: "autoscaler" } });

    expect(summary(await project.up(deployment(2, "example.org/a:1")))).toEqual([]);
    expect(summary(await project.up(deployment(2, "example.org/a:2")))).toEqual(["update d"]);
    expect((await w.get(path))?.spec).toMatchObject({ replicas: 3 });
  });
});
