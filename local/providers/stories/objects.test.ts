import { describe, expect, test } from "@jest/globals";
import { summary } from "./project.ts";
import { world } from "./story.ts";

const w = world();

describe("objects that others share", () => {
  test("a field that another manager took is a conflict that names it; patchForce takes it back", async () => {
    const project = await w.project("conflict");
    const program = (value: string, more = "") => `new k8s.core.v1.Service("m", {
      metadata: { name: "m", labels: { a: "${value}" }${more} }, spec: { ports: [{ port: 80 }] } });`;
    await project.up(program("1"));
    const path = "/api/v1/namespaces/conflict/services/m";
    const body = { apiVersion: "v1", kind: "Service", metadata: { name: "m", labels: { a: "theirs" } } };
    const query = { fieldManager: "somebody", force: "true" };
    await w.client.json("PATCH", path, { body, contentType: "application/apply-patch+yaml", query });

    const failed = await project.tryUp(program("2"));
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/conflict.*metadata\.labels\.a.*somebody/s);
    expect((await w.get(path))?.metadata).toMatchObject({ labels: { a: "theirs" } });
    // The state says what is on the cluster, not what was wished.
    expect((await project.state()).m?.outputs.metadata.labels).toEqual({ a: "theirs" });

    const forced = `, annotations: { "pulumi.com/patchForce": "true" }`;
    expect(summary(await project.up(program("2", forced)))).toEqual(["update m"]);
    expect((await w.get(path))?.metadata).toMatchObject({ labels: { a: "2" } });
  });

  test("a field that leaves the program leaves the object; what others added stays", async () => {
    const project = await w.project("leaving");
    const program = (labels: string) => `new k8s.core.v1.Service("m", {
      metadata: { name: "m", labels: { ${labels} } }, spec: { ports: [{ port: 80 }] } });`;
    await project.up(program(`a: "1", b: "2"`));
    const path = "/api/v1/namespaces/leaving/services/m";
    const body = { metadata: { labels: { theirs: "x" } } };
    const query = { fieldManager: "somebody" };
    await w.client.json("PATCH", path, { body, contentType: "application/merge-patch+json", query });
    expect(summary(await project.up(program(`a: "1"`)))).toEqual(["update m"]);
    expect((await w.get(path))?.metadata).toMatchObject({ labels: { a: "1", theirs: "x" } });
    expect(JSON.stringify((await w.get(path))?.metadata)).not.toContain(`"b"`);
  });

  test("a definition and an object of it come in one deployment, change and go", async () => {
    const project = await w.project("crd");
    const definition = `const crd = new k8s.apiextensions.v1.CustomResourceDefinition("crd", {
      metadata: { name: "films.story.example.org" },
      spec: { group: "story.example.org", scope: "Namespaced", names: { plural: "films", singular: "film", kind: "Film" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: {
          spec: { type: "object", properties: { title: { type: "string" }, cpu: { type: "string" } } } } } } }] } });`;
    const film = (title: string) => `new k8s.apiextensions.CustomResource("film", {
      apiVersion: "story.example.org/v1", kind: "Film", metadata: { name: "f" }, spec: { title: "${title}", cpu: "1000m" } },
      { dependsOn: crd });`;
    expect(summary(await project.up(definition + film("one")))).toEqual(["create crd", "create film"]);
    const path = "/apis/story.example.org/v1/namespaces/crd/films/f";
    // What is a quantity in a custom resource is not ours to know: it stays as it was written.
    expect((await w.get(path))?.spec).toEqual({ title: "one", cpu: "1000m" });
    expect((await project.state()).film?.id).toBe("crd/f");
    expect(summary(await project.up(definition + film("one")))).toEqual([]);
    expect(summary(await project.up(definition + film("two")))).toEqual(["update film"]);
    expect((await w.get(path))?.spec).toMatchObject({ title: "two" });
    expect(summary(await project.up(""))).toEqual(["delete film", "delete crd"]);
    expect(
      await w.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/films.story.example.org"),
    ).toBeUndefined();
  });

  test("one resource fails: the others are in the state, and the next up makes only what is missing", async () => {
    const project = await w.project("partial");
    const good = (name: string) =>
      `new k8s.core.v1.ConfigMap("${name}", { metadata: { name: "${name}" }, data: { k: "v" } });`;
    const third = (name: string) =>
      `new k8s.core.v1.ConfigMap("c", { metadata: { name: "${name}" }, data: { k: "v" } });`;
    const failed = await project.tryUp(good("a") + good("b") + third("Not A Name"), "--parallel", "1");
    expect(failed.code).not.toBe(0);
    expect(failed.output).toMatch(/Not A Name/);
    const kept = Object.keys(await project.state());
    expect(kept).not.toContain("c");
    const resumed = await project.up(good("a") + good("b") + third("c"));
    expect(summary(resumed).sort()).toEqual(
      ["a", "b", "c"].filter((name) => !kept.includes(name)).map((name) => `create ${name}`),
    );
    expect(Object.keys(await project.state()).sort()).toEqual(["a", "b", "c"]);
  });

  test("secrets are nowhere in plain text: not in the state, not in what is printed", async () => {
    const project = await w.project("secrets");
    const program = (word: string) => `
      const s = new k8s.core.v1.Secret("s", { metadata: { name: "s" }, stringData: { key: "${word}" } });
      new k8s.core.v1.ConfigMap("m", { metadata: { name: "m" }, data: { marked: pulumi.secret("${word}-in-map"), open: "visible" } });
      export const again = s.data;`;
    const runs = [
      await project.up(program("hush-one")),
      await project.tryUp(program("hush-two")),
      await project.refresh(),
    ];
    const texts = [await project.stateText(), ...runs.map(({ output }) => output)].join("\n");
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(texts).toContain("visible");
    for (const word of ["hush-one", "hush-two"]) {
      expect(texts).not.toContain(word);
      expect(texts).not.toContain(Buffer.from(word).toString("base64").replace(/=+$/, ""));
    }
    const data = (await w.get("/api/v1/namespaces/secrets/secrets/s"))?.data as { key: string };
    expect(Buffer.from(data.key, "base64").toString()).toBe("hush-two");
  });
});
