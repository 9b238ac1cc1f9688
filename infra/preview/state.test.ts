import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { configOf } from "./config.ts";
import { type Loose, MAIN, type Plant, put, REPO, renderStacks } from "./planted.fixtures.ts";
import { runRenderer } from "./renderer.ts";
import { reportOf } from "./report.plan.ts";
import { NoState, readStates } from "./state.ts";
import type { Rendered } from "./types.ts";

const { renderingOf, resourcesOf } = await renderStacks("dev");
const second = await runRenderer({ tree: REPO, stack: "dev" }, { config: configOf(REPO, "dev").engine, seed: "twin" });
if ("errors" in second) throw new Error(second.errors);
const twin = second.resources;
const folder = mkdtempSync(join(tmpdir(), "media-states-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:a:b" };

/** What an owner's stack has where the rendering has placeholders, and what the engine adds. */
function deployed(value: unknown, path: string, secrets: string[]): unknown {
  if (secrets.includes(path)) return SECRET;
  if (typeof value === "string")
    return value
      .replaceAll("registry.placeholder.invalid/media", "127.0.0.1:30500/mine")
      .replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${"1".repeat(64)}`)
      .replaceAll("placeholder", "mine")
      .replaceAll("<checkout>", "/home/me/media-platform")
      .replaceAll(/(CERTIFICATE-----\n)\w{8}/g, "$1AAAAAAAA")
      .replace(/^media_[0-9a-f]{8}$/, "media_0e0e0e0e")
      .replace(/^(\d+)Mi$/, (all, mebi) => (Number(mebi) % 1024 === 0 ? `${Number(mebi) / 1024}Gi` : all));
  if (Array.isArray(value)) return value.map((inner, index) => deployed(inner, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    // As the plugin's own types leave it out.
    .filter(
      ([key, inner]) => !(inner === false && key === "globalDefault") && !(Array.isArray(inner) && inner.length === 0),
    )
    .map(([key, inner]) => [key, deployed(inner, path ? `${path}.${key}` : key, secrets)]);
  return Object.fromEntries(path === "" ? [...entries, ["__defaults", []]] : entries);
}

/** The state of dev, as exported, in which one resource differs. */
function stateOf(title = "Deployment api", change: Plant = () => {}) {
  const resources = resourcesOf("dev");
  const [kind, name] = title.split(" ");
  const found = resources.find((one) => one.type.endsWith(`:${kind}`) && one.name === name);
  if (!found) throw new Error(`dev has no ${title}`);
  change(found.inputs, resources, found);
  const exported = resources.map((one) => ({
    urn: `urn:pulumi:dev::media-platform::media:app:Api$${one.type}::${one.name}`,
    type: one.type,
    custom: true,
    protect: one.protect,
    inputs: deployed(one.inputs, "", one.secretPaths),
  }));
  // The names that the engine made are others than those of the rendering, in each place.
  const made = resources.flatMap(({ inputs }) => {
    const { name: own, annotations } = (inputs as Loose).metadata ?? {};
    return annotations?.["pulumi.com/autonamed"] === "true" ? [own as string] : [];
  });
  const text = made.reduce(
    (all, own) => all.replaceAll(`"${own}"`, `"${own.slice(0, -8)}0e0e0e0e"`),
    JSON.stringify(exported),
  );
  const engine = [
    { urn: "urn:pulumi:dev::media-platform::pulumi:pulumi:Stack::dev", type: "pulumi:pulumi:Stack", custom: false },
    {
      urn: "urn:pulumi:dev::media-platform::pulumi:providers:random::default",
      type: "pulumi:providers:random",
      custom: true,
    },
    {
      urn: "urn:pulumi:dev::media-platform::kubernetes:core/v1:Secret::old",
      type: "kubernetes:core/v1:Secret",
      custom: true,
      delete: true,
    },
  ];
  return {
    version: 3,
    deployment: { manifest: { time: "2026-11-01T10:20:30.5Z" }, resources: [...engine, ...JSON.parse(text)] },
  };
}

/** The report of this checkout against a state. */
function against(state: unknown, after: Rendered[] = resourcesOf("dev")) {
  writeFileSync(join(folder, "dev.json"), JSON.stringify(state));
  const rendering = { ...renderingOf("dev"), resources: after, twin };
  return reportOf({ base: "main at 0", ...readStates(folder, ["base", "dev"]).against([], [rendering]) });
}

test("a stack that is as its state says changes nothing, whatever is the owner's own", () => {
  const { stops, stacks, notes } = against(stateOf());
  expect(stops).toEqual([]);
  expect(stacks.map(({ stack, changes }) => [stack, changes])).toEqual([["dev", []]]);
  expect(notes).toEqual([expect.stringContaining("Stack dev is compared with its state of 2026-11-01 10:20:30.")]);
});

describe("a state that is not what the program describes", () => {
  test("shows pods that roll, by the field", () => {
    const { stacks } = against(stateOf("Deployment api", put(`${MAIN}.env.-`, { name: "OLD", value: "1" })));
    expect(stacks[0]?.changes).toMatchObject([
      { title: "Deployment api", action: "update", restart: { why: ["containers[api].env[OLD]"] } },
    ]);
  });

  test("shows pods that roll for another image of ours", () => {
    const { stacks } = against(
      stateOf("Image service", (object) => {
        object.imageName = `${object.imageName}0`;
      }),
    );
    const rolling = stacks[0]?.changes.filter(({ restart }) => restart).map(({ title }) => title);
    expect(rolling).toEqual(expect.arrayContaining(["Deployment api", "Deployment worker"]));
    expect(rolling).not.toContain("Deployment prometheus");
  });

  test("shows a file that is another, beside a placeholder too", () => {
    const { stacks } = against(
      stateOf("ConfigMap gateway-config", (object) => {
        const [file = ""] = Object.keys(object.data);
        object.data[file] += "# old\n";
      }),
    );
    const [rolling] = stacks[0]?.changes.filter(({ restart }) => restart) ?? [];
    expect([rolling?.title, rolling?.restart?.why[0]]).toEqual([
      "Deployment gateway",
      expect.stringContaining("ConfigMap gateway-config: "),
    ]);
  });

  test("stops where a stateful resource would be replaced or deleted", () => {
    const modes = put("spec.volumeClaimTemplates.0.spec.accessModes", ["ReadWriteMany"]);
    expect(against(stateOf("StatefulSet postgres", modes)).stops.map(({ what }) => what)).toEqual(["loss of state"]);
    const without = resourcesOf("dev").filter(({ name }) => name !== "loki-data");
    expect(against(stateOf(), without).stops.map(({ what }) => what)).toContain("loss of state");
  });

  test("shows what is not deployed yet as created", () => {
    const { stacks } = against(stateOf("Service api", (_o, all, one) => all.splice(all.indexOf(one), 1)));
    expect(stacks[0]?.changes).toMatchObject([{ title: "Service api", action: "create" }]);
  });
});

test("without another rendering to compare with, generated values would be changes: the twin is what tells", () => {
  writeFileSync(join(folder, "dev.json"), JSON.stringify(stateOf()));
  const sources = readStates(folder, ["dev"]).against([], [renderingOf("dev")]);
  const changed = reportOf({ base: "main at 0", ...sources }).stacks[0]?.changes.map(({ title }) => title);
  expect(changed).toContain("Deployment api");
});

describe("a folder without a usable state is an error that says how to write one:", () => {
  test.each([
    ["no file", undefined, "has no state of base"],
    ["no JSON", "{", "is not JSON"],
    ["no state", '{"deployment":{}}', "is no exported state"],
  ])("%s", (_, text, message) => {
    if (text !== undefined) writeFileSync(join(folder, "base.json"), text);
    const reading = () => readStates(folder, ["base"]);
    expect(reading).toThrow(NoState);
    expect(reading).toThrow(message);
    expect(reading).toThrow("pulumi stack export");
  });
});
