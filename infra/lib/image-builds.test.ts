import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import type { ImagesConfig } from "../config/schema.ts";
import { Images, ROOT } from "./image-builds.ts";
import { catalogue, type ImageName } from "./images.ts";

/** What would be built, with the engine mocked: no Docker daemon is asked. */

interface Built {
  imageName: string;
  build: { context: string; dockerfile: string; args: Record<string, string> };
  registry?: { server: string; username: string };
}
let built: Record<string, Built> = {};

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      built[name] = inputs;
      return { id: name, state: { ...inputs, repoDigest: `registry.example.com/media/${name}@sha256:1` } };
    },
    call: ({ inputs }) => inputs,
  });
});

const config = (changes: Partial<ImagesConfig> = {}): ImagesConfig => ({
  registry: "registry.example.com/media",
  pinned: {},
  build: true,
  credentials: {},
  ...changes,
});

async function resolved(settings: ImagesConfig, ...names: ImageName[]): Promise<string[]> {
  built = {};
  const images = new Images(settings);
  const outputs = pulumi.all(names.map((name) => images.reference(name)));
  return new Promise((resolve) => outputs.apply(resolve));
}

test("what is published nowhere is built once for all that use it, on one base, and named by digest", async () => {
  const references = await resolved(config(), "postgres", "pgbouncer", "postgres-exporter", "redis-exporter");
  const digest = (name: string) => `registry.example.com/media/${name}@sha256:1`;
  expect(references).toEqual(["postgres", "pgbouncer", "exporters", "exporters"].map(digest));
  expect(Object.keys(built).sort()).toEqual(["base", "exporters", "pgbouncer", "postgres"]);
  for (const name of ["postgres", "pgbouncer", "exporters"])
    expect(built[name]?.build.args).toEqual({ BASE: digest("base") });
  for (const { build, imageName } of Object.values(built)) {
    expect(existsSync(build.dockerfile)).toBe(true);
    expect(build.context.startsWith(join(ROOT))).toBe(true);
    expect(imageName).toMatch(/^registry\.example\.com\/media\/\w+:[0-9a-f]{16}$/);
  }
});

test("everything that the catalogue has no publisher for can be built", async () => {
  const names = (Object.keys(catalogue) as ImageName[]).filter((name) => !("published" in catalogue[name]));
  expect((await resolved(config(), ...names)).every((reference) => reference.includes("@sha256:"))).toBe(true);
});

test("the control: published and pinned images are not built, and nothing is where the configuration does not say so", async () => {
  const pinned = { postgres: "elsewhere/postgres@sha256:2" };
  expect(await resolved(config({ pinned }), "prometheus", "postgres")).toEqual([
    catalogue.prometheus.published,
    pinned.postgres,
  ]);
  expect(await resolved(config({ build: false }), "postgres")).toEqual([
    `registry.example.com/media/postgres:${catalogue.postgres.version}`,
  ]);
  expect(built).toEqual({});
});

test("a private registry gets its credentials, and no other does", async () => {
  const login = { username: "media", password: "p" };
  await resolved(config({ credentials: { "registry.example.com": login, "docker.io": login } }), "pgbouncer");
  expect(built.pgbouncer?.registry).toMatchObject({ server: "registry.example.com", username: "media" });
  await resolved(config({ credentials: { "docker.io": login } }), "pgbouncer");
  expect(built.pgbouncer).not.toHaveProperty("registry");
});
