import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import structModule from "google-protobuf/google/protobuf/struct_pb.js";
import { fromStruct, toStruct } from "./struct.ts";
import { equal, hasUnknown, isSecret, type Props, SIGNATURE, secret, UNKNOWN, unwrap, type Value } from "./values.ts";

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.string();
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value")), fc.dictionary(key, tie("value"))),
})).value;
const props = fc.dictionary(key, value) as fc.Arbitrary<Props>;

const parse = (bytes: Uint8Array) => fromStruct(structModule.Struct.deserializeBinary(bytes));

describe("struct", () => {
  test("what goes in comes out, nulls and odd keys included", () => {
    fc.assert(fc.property(props, (given) => equal(parse(toStruct(given).serializeBinary()), given)));
  });

  test("a large one: buffers grow, and lengths take several bytes", () => {
    const given = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`key ${n}`, ["ü".repeat(n * 10), { n }]]));
    expect(parse(toStruct(given).serializeBinary())).toEqual(given);
  });

  test("what is cut off at any place is an error, or the part that is whole", () => {
    const bytes = toStruct({ text: "abc", deep: { list: [1, "x", null] } }).serializeBinary();
    for (let length = 1; length < bytes.length; length++) {
      let found: Props = {};
      try {
        found = parse(bytes.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
      expect([{}, { text: "abc" }]).toContainEqual(found);
    }
  });

  test("an undefined entry is left out, an absent struct is empty", () => {
    expect(parse(toStruct({ a: 1, b: undefined }).serializeBinary())).toEqual({ a: 1 });
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
