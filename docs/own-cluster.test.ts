import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { type Json, loadConfig, merge } from "@media/infra/config";
import { blocksOf, exportsOf } from "./guide.ts";

/** The guide for a cluster of one's own, as far as it can be followed without one: ring 4 follows it whole. */

const guide = readFileSync(new URL("own-cluster.md", import.meta.url), "utf8");
const [values = "", ...steps] = blocksOf(guide);
const folder = mkdtempSync(join(tmpdir(), "media-guide-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("its blocks are valid shell, and use every value that they ask for", () => {
  expect(steps).toHaveLength(3);
  for (const block of [values, ...steps]) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: block, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  }
  // Two are read by programs.
  const names = exportsOf(values).filter((name) => !["KUBECONFIG", "PULUMI_CONFIG_PASSPHRASE"].includes(name));
  expect(names.length).toBeGreaterThan(9);
  for (const name of names) expect([name, steps.join("").includes(`$${name}`)]).toEqual([name, true]);
});

/** What the program would be given after these commands, from a `pulumi` that only writes down what it is told. */
function configured(commands: string): Record<string, string> {
  const asked = join(folder, "asked");
  writeFileSync(asked, "");
  const pulumi = `pulumi() { [ "$1" = config ] || return 0; local value="\${@: -1}"; printf '%s\\t%s\\n' "$6" "$value" >> ${asked}; }`;
  const given = exportsOf(values).map((name) => `export ${name}=${EXAMPLES[name] ?? `value-of-${name.toLowerCase()}`}`);
  const { status, stderr } = spawnSync("bash", ["-euo", "pipefail"], {
    input: [pulumi, ...given, commands].join("\n"),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  let sections: { [key: string]: Json } = {};
  for (const line of readFileSync(asked, "utf8").trim().split("\n")) {
    const [path = "", value = ""] = line.split("\t");
    const keys = path.replace("media-platform:", "").split(".");
    const added = keys.reduceRight<Json>(
      (inner, key) => ({ [key]: inner }),
      ["true", "false"].includes(value) ? value === "true" : value,
    );
    sections = merge(sections, added) as { [key: string]: Json };
  }
  const committed = { tier: "small", layers: '["data","app","observability","recovery"]', app: '{"devToken":true}' };
  return Object.fromEntries(
    [...Object.entries(committed), ...Object.entries(sections).map(([key, value]) => [key, JSON.stringify(value)])].map(
      ([key, value]) => [`media-platform:${key}`, value as string],
    ),
  );
}

const EXAMPLES: Record<string, string> = { S3_ENDPOINT: "https://s3.example.com", S3_CA: "''" };

test("the program takes the configuration that its commands make", () => {
  const config = loadConfig({ stack: "dev", engine: configured(steps[1] ?? "") });
  expect(config).toMatchObject({
    kubernetes: { context: "value-of-context" },
    access: { host: "value-of-node_address" },
    images: { registry: "value-of-registry", build: true },
    backups: { bucket: "value-of-s3_bucket", expiry: { secretKey: "value-of-s3_deleting_secret" } },
  });
});

test("the control: without one of the commands the program says what is missing", () => {
  const without = (steps[1] ?? "").replace(/^configure backups\.bucket .*$/m, "");
  expect(() => loadConfig({ stack: "dev", engine: configured(without) })).toThrow(/backups\.bucket/);
});
