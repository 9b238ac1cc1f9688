import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { STACKS, type Stack } from "./fixtures.ts";
import { type KubernetesObject, objects } from "./rendered.ts";

/** Run with UPDATE_GOLDEN=1 to accept the manifests as they are; the difference is then seen in the commit. */
const update = process.env.UPDATE_GOLDEN === "1";
const folder = fileURLToPath(new URL("__golden__/", import.meta.url));

/** Only that a secret is there is compared, never what it is. */
function withoutSecrets(object: KubernetesObject): KubernetesObject {
  if (object.kind !== "Secret") return object;
  const data = Object.fromEntries(Object.keys(object.data).map((file) => [file, "<secret>"]));
  return { ...object, data };
}

function manifests(stack: Stack): string {
  const options = { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false };
  return objects(stack)
    .map((object) => stringify(withoutSecrets(object), options))
    .join("---\n");
}

describe("the manifests of each stack are as committed (UPDATE_GOLDEN=1 accepts a change)", () => {
  test.each(STACKS)("%s", (stack) => {
    const file = `${folder}${stack}.yaml`;
    if (update) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, manifests(stack));
    }
    expect(manifests(stack)).toBe(readFileSync(file, "utf8"));
  });
});
