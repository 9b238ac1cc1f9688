import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { equal, isMap, isSecret, mapAt, mapValues, type Props, secret, unwrapMap, type Value } from "../lib/values.ts";
import { type Body, body, CLUSTER_WIDE, edit, lastKey, objectOf, RULES, rule, stored } from "./arbitrary.ts";
import { checkResource } from "./check.ts";
import { diffResource } from "./diff.ts";
import { normalizeInputs } from "./normalize.ts";
import { checkpoint, parseCheckpoint } from "./state.ts";

const OPTIONS = { mutable: { configMap: false, secret: false }, patch: false, ignoreChanges: [] };
function diff(before: Props, drops: boolean, after: Props) {
  const namespaced = !CLUSTER_WIDE.includes(String(after.kind));
  return diffResource(parseCheckpoint(checkpoint(stored(before, drops), before)), after, { ...OPTIONS, namespaced });
}

const under = (object: Props, path: string): Value | undefined =>
  path
    .split(".")
    .reduce<Value | undefined>(
      (here, key) => (isMap(here) && Object.hasOwn(here, key) ? here[key] : undefined),
      object,
    );

describe("any object, any edit", () => {
  test("after the update there is no difference left", () => {
    fc.assert(
      fc.property(rule, body, fc.boolean(), (kind, after, drops) => {
        const object = objectOf(kind, after);
        expect(diff(object, drops, object)).toEqual({ changes: false, detailed: {}, deleteBeforeReplace: false });
      }),
      { numRuns: 500 },
    );
  });

  test("there is a difference exactly when the inputs differ", () => {
    fc.assert(
      fc.property(rule, body, body, (kind, a, b) => {
        const [before, after] = [objectOf(kind, a), objectOf(kind, b)];
        expect(diff(before, false, after).changes).toBe(!equal(normalizeInputs(before), normalizeInputs(after)));
      }),
      { numRuns: 500 },
    );
  });

  test.each(RULES)(
    "%s %s is replaced exactly when a rule says so, and goes first when its name has to be free",
    (...kind) => {
      const keys = [...kind[2].map(lastKey), "replicas"];
      let ruled = 0;
      fc.assert(
        fc.property(body, edit, (a, change) => {
          const b = change(a, keys);
          const [before, after] = [normalizeInputs(objectOf(kind, a)), normalizeInputs(objectOf(kind, b))];
          const differs = (path: string) => !equal(under(before, path), under(after, path));
          const expected = ["metadata.name", "metadata.namespace", ...kind[2]].some(differs);
          const result = diff(objectOf(kind, a), false, objectOf(kind, b));
          expect(Object.values(result.detailed).some((entry) => entry.replace)).toBe(expected);
          const isFree = differs("metadata.name") || differs("metadata.namespace");
          expect(result.deleteBeforeReplace).toBe(expected && !isFree && !b.isAutonamed);
          if (kind[2].some(differs)) ruled++;
        }),
        { numRuns: 150 },
      );
      // Where a kind has rules, they must have come up, or the property says nothing.
      expect(ruled > 0).toBe(kind[2].length > 0);
    },
  );
});

/** Puts the value under some of the keys into a secret, with a text that can be recognised. */
const withSecrets = (item: Value, choose: () => boolean): Value => {
  if (choose()) return secret(`hush-${typeof item}`);
  if (Array.isArray(item)) return item.map((below) => withSecrets(below, choose));
  return isMap(item) ? mapValues(item, (below) => withSecrets(below, choose)) : item;
};
const chooser = (bits: boolean[]) => {
  let at = 0;
  return () => bits[at++ % bits.length] ?? false;
};
const bits = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });

/** What can be read in a value by someone who may not see secrets. */
function open(item: Value): Value {
  if (isSecret(item)) return null;
  if (Array.isArray(item)) return item.map(open);
  return isMap(item) ? mapValues(item, open) : item;
}
function secretly(kind: (typeof RULES)[number], parts: Body, marks: boolean[]): Props {
  const { apiVersion, kind: name, metadata, ...rest } = objectOf(kind, parts);
  const hidden = mapValues(rest as Props, (item) => withSecrets(item, chooser(marks)));
  return { apiVersion: apiVersion ?? "", kind: name ?? "", metadata: metadata ?? {}, ...hidden };
}
const CONTEXT = { defaultNamespace: "home", namespaced: async () => true };
const request = (kind: string, news: Props, olds?: Props) => ({
  urn: "u",
  type: `kubernetes:${kind}`,
  name: "n",
  olds,
  news,
  randomSeed: new Uint8Array([1]),
});

describe("any object with secrets", () => {
  test("checking what was checked changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(rule, body, bits, fc.boolean(), async (kind, parts, marks, isNamed) => {
        const object = secretly(kind, parts, marks);
        const news = isNamed ? object : { ...object, metadata: {} };
        const token = `${kind[0]}:${kind[1]}`;
        const once = (await checkResource(request(token, news), CONTEXT)).inputs;
        expect((await checkResource(request(token, once, once), CONTEXT)).inputs).toEqual(once);
      }),
    );
  });

  test("no secret text can be read in checked inputs or in the state", async () => {
    let hidden = 0;
    await fc.assert(
      fc.asyncProperty(rule, body, bits, fc.boolean(), async (kind, parts, marks, drops) => {
        const { inputs } = await checkResource(request(`${kind[0]}:${kind[1]}`, secretly(kind, parts, marks)), CONTEXT);
        const state = checkpoint(stored(unwrapMap(inputs), drops), inputs);
        if (JSON.stringify(inputs).includes("hush")) hidden++;
        for (const shown of [open(inputs), open(state)]) expect(JSON.stringify(shown)).not.toMatch(/hush|aHVza/);
        if (kind[1] === "Secret") expect(Object.keys(mapAt(open(state) as Props, "data"))).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(hidden).toBeGreaterThan(50);
  });

  test("a text in stringData is as secret in data", async () => {
    const news = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, stringData: { k: "hush" } };
    const { inputs } = await checkResource(request("core/v1:Secret", news), CONTEXT);
    expect(JSON.stringify(open(inputs))).not.toMatch(/hush|aHVza/);
    expect(unwrapMap(inputs).data).toEqual({ k: "aHVzaA==" });
  });
});
