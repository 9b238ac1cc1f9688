import { afterEach, describe, expect, test } from "@jest/globals";
import { stringAt } from "../lib/values.ts";
import { type Door, openDoor } from "./door.ts";
import { pluginsOf } from "./plugins.ts";
import { type Project, summary } from "./project.ts";
import { world } from "./story.ts";

const w = world();

let door: Door | undefined;
afterEach(() => door?.close());

/** The ConfigMaps of a namespace, without the one that every namespace has. */
async function maps(namespace: string): Promise<{ name: string | undefined; uid: string | undefined }[]> {
  const found = await w.client.list("v1", "ConfigMap", namespace);
  const identities = found.map((map) => ({
    name: stringAt(map, "metadata", "name"),
    uid: stringAt(map, "metadata", "uid"),
  }));
  return identities.filter(({ name }) => name !== "kube-root-ca.crt");
}

/** A deployment whose one create reaches the server and whose answer does not come back. */
async function cutOff(project: Project, program: string, isKilled: boolean): Promise<void> {
  door = await openDoor(project.dir, w.cluster.kubeconfig);
  project.env.KUBECONFIG = door.kubeconfig;
  const path = `/api/v1/namespaces/${project.name}/configmaps`;
  const lost = door.lose(path, isKilled ? "kept back" : "connection broken");
  const first = project.tryUp(program);
  await lost;
  if (isKilled) for (const pid of await pluginsOf(project.env.PULUMI_BACKEND_URL ?? "")) process.kill(pid, "SIGKILL");
  expect((await first).code).not.toBe(0);
  expect(await project.state()).toEqual({});
  expect(await maps(project.name)).toHaveLength(1);
}

/** The official plugin leaves an orphan in the first two of these, and a collision in the others. */
describe("a create whose answer never comes", () => {
  test.each([
    ["autonamed, the plugin killed", "made-up-killed", "", true],
    ["autonamed, the connection broken", "made-up-broken", "", false],
    ["with a fixed name, the plugin killed", "fixed-killed", `metadata: { name: "fixed" },`, true],
    ["with a fixed name, the connection broken", "fixed-broken", `metadata: { name: "fixed" },`, false],
  ])("%s: the next up finds the object, and there is one", async (_, name, metadata, isKilled) => {
    const project = await w.project(name);
    const program = `new k8s.core.v1.ConfigMap("conf", { ${metadata} data: { k: "v" } });`;
    await cutOff(project, program, isKilled);
    const [orphan] = await maps(name);

    expect(summary(await project.up(program))).toEqual(["create conf"]);
    expect(await maps(name)).toEqual([orphan]);
    const { outputs, id } = (await project.state()).conf ?? {};
    expect(outputs.metadata.uid).toBe(orphan?.uid);
    expect(id).toBe(`${name}/${orphan?.name}`);

    // It is a resource like any other from now on.
    expect(summary(await project.up(program))).toEqual([]);
    expect(summary(await project.up(program.replace(`"v"`, `"w"`)))).toContain("create-replacement conf");
    const [after, ...others] = await maps(name);
    expect(others).toEqual([]);
    expect(after?.uid).not.toBe(orphan?.uid);
    await project.up("");
    expect(await maps(name)).toEqual([]);
  });

  test("what somebody else makes in its place is not taken", async () => {
    const project = await w.project("theirs");
    const program = `new k8s.core.v1.ConfigMap("conf", { metadata: { name: "fixed" }, data: { k: "v" } });`;
    await cutOff(project, program, true);
    const path = "/api/v1/namespaces/theirs/configmaps";
    await w.client.json("DELETE", `${path}/fixed`);
    const body = { metadata: { name: "fixed" }, data: { k: "v" } };
    await w.client.json("POST", path, { body, query: { fieldManager: "somebody" } });
    const second = await project.tryUp(program);
    expect(second.code).not.toBe(0);
    expect(second.output).toContain("is on the cluster already");
  });
});
