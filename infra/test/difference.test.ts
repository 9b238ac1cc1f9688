import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { difference, type Objects } from "./difference.ts";

const one = (object: Record<string, unknown>): Objects => ({ "Deployment media/api": object });
const changesOf = (was: Record<string, unknown>, is: Record<string, unknown>) =>
  difference(one(was), one(is)).changed["Deployment media/api"];

describe("a difference", () => {
  test("names objects that came and went", () => {
    const { added, removed, changed } = difference({ "Service a": { x: 1 } }, { "Service b": { y: 1 } });
    expect({ added, removed, changed }).toEqual({
      added: { "Service b": { y: 1 } },
      removed: ["Service a"],
      changed: {},
    });
  });

  test("is by field, and by name in lists of named elements", () => {
    const was = { spec: { replicas: 2, env: [{ name: "A", value: "1" }], old: true } };
    const is = {
      spec: {
        replicas: 3,
        env: [
          { name: "A", value: "2" },
          { name: "B", value: "3" },
        ],
        labels: { "a.b/c": 1 },
      },
    };
    expect(changesOf(was, is)).toEqual({
      "spec.replicas": { was: 2, is: 3 },
      "spec.env[A].value": { was: "1", is: "2" },
      "spec.env[B]": { added: { name: "B", value: "3" } },
      "spec.old": { removed: true },
      "spec.labels": { added: { "a.b/c": 1 } },
    });
    expect(changesOf({ l: { "a.b/c": 1 } }, { l: { "a.b/c": 2 } })).toEqual({ 'l["a.b/c"]': { was: 1, is: 2 } });
  });

  test("is by line in texts", () => {
    expect(changesOf({ text: "a\nb\nc\n" }, { text: "a\nx\nc\nd\n" })).toEqual({
      text: { lines: ["-2 b", "+2 x", "+4 d"] },
    });
  });

  test("shows an order that does not follow from the reference", () => {
    const named = (...names: string[]) => ({ list: names.map((name) => ({ name })) });
    expect(changesOf(named("a", "b"), named("b", "a"))).toEqual({ "list[]": { order: ["b", "a"] } });
    expect(changesOf(named("a", "c"), named("a", "b", "c"))).toEqual({ "list[b]": { added: { name: "b" } } });
  });

  test("is the same for two stacks only if they are the same", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 4 }).map((lines) => lines.join("\n"));
    const element = fc.record({ name: fc.constantFrom("a", "b", "c"), value: fc.constantFrom(1, 2) });
    const field = fc.oneof(
      fc.constantFrom(0, 1, null, "", "x"),
      text,
      fc.array(element, { maxLength: 3 }),
      fc.array(fc.constantFrom(1, 2), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("p", "q.r"), fc.constantFrom(1, {}, [])),
    );
    const object = fc.dictionary(fc.constantFrom("one", "two"), field);
    const objects = fc.dictionary(fc.constantFrom("A", "B"), object);
    const canonical = (value: unknown) => JSON.stringify(value, (_, inner) => sortedKeys(inner));
    fc.assert(
      fc.property(objects, objects, objects, (reference, a, b) => {
        const same = canonical(difference(reference, a)) === canonical(difference(reference, b));
        return same === (canonical(a) === canonical(b));
      }),
      { numRuns: 1_000 },
    );
  });
});

function sortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
