import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromStruct, toStruct } from "./struct.ts";
import { equal, hasUnknown, isSecret, type Props, SIGNATURE, secret, UNKNOWN, unwrap, type Value } from "./values.ts";

const leaf = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
// google-protobuf cannot carry this one key.
const key = fc.string().filter((name) => name !== "__proto__");
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value")), fc.dictionary(key, tie("value"))),
})).value;
const props = fc.dictionary(key, value) as fc.Arbitrary<Props>;

describe("struct", () => {
  test("what goes in comes out, nulls and odd keys included", () => {
    fc.assert(fc.property(props, (given) => equal(fromStruct(toStruct(given)), given)));
  });

  test("an undefined entry is left out, an absent struct is empty", () => {
    expect(fromStruct(toStruct({ a: 1, b: undefined }))).toEqual({ a: 1 });
    expect(fromStruct(undefined)).toEqual({});
  });
});

describe("marked values", () => {
  test("unwrapping leaves no wrapper at any depth", () => {
    fc.assert(
      fc.property(props, (given) => {
        const marked = secret({ inner: [secret(given as Value)] });
        expect(unwrap(marked)).toEqual({ inner: [unwrap(given)] });
      }),
    );
  });

  test("a secret of a secret is one secret", () => {
    expect(secret(secret("x"))).toEqual(secret("x"));
    expect(isSecret(secret("x"))).toBe(true);
  });

  test.each([
    ["a plain text", "x", false],
    ["an unknown deep inside", { a: [{ b: UNKNOWN }] }, true],
    ["an unknown in a secret", secret(UNKNOWN), true],
    ["an unknown number", "3eeb2bf0-c639-47a8-9e75-3b44932eb421", true],
  ])("%s", (_, given, expected) => {
    expect(hasUnknown(given as Value)).toBe(expected);
  });

  test("an output without a value is an unknown", () => {
    expect(unwrap({ [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" })).toBe(UNKNOWN);
  });
});
