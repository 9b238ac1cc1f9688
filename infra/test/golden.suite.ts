import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { difference, type Objects } from "./difference.ts";
import { STACKS, type Stack } from "./fixtures.ts";
import { type KubernetesObject, objects } from "./rendered.ts";

/** Run with UPDATE_GOLDEN=1 to accept the manifests as they are; the difference is then seen in the commit. */
const update = process.env.UPDATE_GOLDEN === "1";
const folder = fileURLToPath(new URL("__golden__/", import.meta.url));

/**
 * The stack with which each is compared. `staging` is kept in full, with production's shape, and `base`, which shares no
 * object with the others. `dr` is production under another name, so that its file is nearly empty.
 */
const REFERENCE: Partial<Record<Stack, Stack>> = { dev: "staging", perf: "staging", prod: "staging", dr: "prod" };

const YAML = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false };

/** Only that a secret is there is compared, never what it is. */
function withoutSecrets(object: KubernetesObject): KubernetesObject {
  if (object.kind !== "Secret") return object;
  const data = Object.fromEntries(Object.keys(object.data).map((file) => [file, "<secret>"]));
  return { ...object, data };
}

/** The object as it would be in any stack: its own stack's name is written "<stack>". */
function neutral(value: unknown, stack: Stack): unknown {
  if (typeof value === "string") {
    if (value === stack) return "<stack>";
    const names = value.replaceAll(new RegExp(`\\bmedia-${stack}(?![a-z0-9])`, "g"), "media-<stack>");
    return names.replaceAll(new RegExp(`: ${stack}$`, "gm"), ": <stack>");
  }
  if (Array.isArray(value)) return value.map((inner) => neutral(inner, stack));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, neutral(inner, stack)]));
}

function byName(stack: Stack, manifests: KubernetesObject[]): Objects {
  return Object.fromEntries(
    manifests.map((manifest) => {
      const object = neutral(withoutSecrets(manifest), stack) as KubernetesObject;
      const { namespace, name } = object.metadata;
      return [[object.kind, namespace ? `${namespace}/${name}` : name].join(" "), object];
    }),
  );
}

/** What is compared with the committed file. */
function golden(stack: Stack, manifests: KubernetesObject[]): { file: string; text: string } {
  const reference = REFERENCE[stack];
  if (!reference) {
    const text = manifests.map((object) => stringify(withoutSecrets(object), YAML)).join("---\n");
    return { file: `${folder}${stack}.yaml`, text };
  }
  const found = difference(byName(reference, objects(reference)), byName(stack, manifests));
  const head = `# How ${stack} differs from ${reference}. UPDATE_GOLDEN=1 writes it (golden.suite.ts).\n`;
  return { file: `${folder}${stack}.diff.yaml`, text: head + stringify(found, YAML) };
}

describe("the manifests of each stack are as committed (UPDATE_GOLDEN=1 accepts a change)", () => {
  test.each(STACKS)("%s", (stack) => {
    const { file, text } = golden(stack, objects(stack));
    if (update) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, text);
    }
    expect(text).toBe(readFileSync(file, "utf8"));
  });

  test.each(STACKS)("a change of %s alone is found", (stack) => {
    const changed = objects(stack).map((object) => structuredClone(object));
    const controller = changed.find(({ kind }) => kind === "Deployment");
    if (controller) controller.spec.template.spec.terminationGracePeriodSeconds += 1;
    const { file, text } = golden(stack, changed);
    expect(text).not.toBe(readFileSync(file, "utf8"));
    expect(text).toContain("terminationGracePeriodSeconds");
    // An object less, too.
    expect(golden(stack, objects(stack).slice(1)).text).not.toBe(readFileSync(file, "utf8"));
  });

  test("each object has a key of its own", () => {
    for (const stack of STACKS) expect(Object.keys(byName(stack, objects(stack)))).toHaveLength(objects(stack).length);
  });
});
