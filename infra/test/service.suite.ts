import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { loadConfig, type ProcessName } from "@media/service/config";
import { VARIABLES } from "@media/service/environment";
import { upstreamNames, upstreams } from "../config/upstreams.ts";
import { STACKS, type Stack } from "./fixtures.ts";
import { controllers, type KubernetesObject, ofKind, templateOf } from "./rendered.ts";

const folder = mkdtempSync(join(tmpdir(), "media-service-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Container {
  command: string[];
  env: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string }[];
}

const containerOf = (controller: KubernetesObject) => templateOf(controller).spec.containers[0] as Container;
const processes = (stack: Stack) =>
  controllers(stack).filter((controller) => containerOf(controller).command?.includes("service/src/main.ts"));

/** The pod's variables, with its secret files written out below a folder of ours. */
/** Rendered manifests show no secret, and this one is read by its form. */
const FIRST_ADMIN = "admin@example.com:a password of a test";

function environment(stack: Stack, controller: KubernetesObject): Record<string, string> {
  const root = join(folder, stack, controller.metadata.name ?? "");
  const { env, volumeMounts } = containerOf(controller);
  for (const volume of templateOf(controller).spec.volumes as { name: string; secret?: { secretName: string } }[]) {
    if (!volume.secret) continue;
    const path = join(root, volumeMounts.find(({ name }) => name === volume.name)?.mountPath ?? "");
    mkdirSync(path, { recursive: true });
    const secret = ofKind(stack, "Secret").find(({ metadata }) => metadata.name === volume.secret?.secretName);
    for (const [file, text] of Object.entries(secret?.data ?? {}))
      writeFileSync(join(path, file), file === "first-admin" ? FIRST_ADMIN : String(text));
  }
  return Object.fromEntries(env.map(({ name, value }) => [name, name.endsWith("_FILE") ? join(root, value) : value]));
}

describe.each(STACKS.filter((stack) => stack !== "base"))("the service's processes in %s", (stack) => {
  test.each(processes(stack).map((controller) => [controller.metadata.name ?? "", controller] as const))(
    "%s takes its environment, all of which it knows",
    (_, controller) => {
      const env = environment(stack, controller);
      const name = containerOf(controller).command.at(-1) as ProcessName;
      const { secrets } = loadConfig(name, env);
      // A file that is given is a file that is read: no process has a secret that it does not use.
      expect(Object.keys(secrets).sort()).toEqual(
        Object.keys(env)
          .filter((key) => key.endsWith("_FILE"))
          .sort(),
      );
      expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys(env)));
    },
  );

  test("each process that asks an upstream has its address and its credential", () => {
    const asking = processes(stack).map((controller) => environment(stack, controller));
    for (const { url, credential } of upstreamNames.map((name) => upstreams[name])) {
      const having = asking.filter((env) => url in env);
      expect(having.length).toBeGreaterThan(0);
      for (const env of having) expect(env).toHaveProperty(credential);
    }
  });
});

test("the same check finds a variable that is misspelt, and a secret that is missing", () => {
  const [api] = processes("dev").filter(({ metadata }) => metadata.name === "api");
  const env = environment("dev", api as KubernetesObject);
  expect(VARIABLES).not.toEqual(expect.arrayContaining(["PLEX_BASEURL"]));
  expect(() => loadConfig("api", { ...env, PGPASSWORD_FILE: join(folder, "nothing") })).toThrow("PGPASSWORD_FILE");
});
