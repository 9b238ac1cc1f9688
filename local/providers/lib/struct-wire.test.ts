import { expect, test } from "@jest/globals";
import fc from "fast-check";
import jspb from "google-protobuf";
import structModule from "google-protobuf/google/protobuf/struct_pb.js";
import { decodeEntry, encodeStruct } from "./struct-wire.ts";
import { equal, type Props, type Value } from "./values.ts";

/** Nothing here imports struct.ts: the generated classes are as others have them. */
const { Struct } = structModule;

const leaf = fc.oneof(fc.string({ unit: "binary" }), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null));
// They cannot carry this one key.
const key = fc.string().filter((name) => name !== "__proto__");
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("value")), fc.dictionary(key, tie("value"))),
})).value;
const props = fc.dictionary(key, value) as fc.Arbitrary<Props>;

function decode(bytes: Uint8Array): Props {
  const reader = new jspb.BinaryReader(bytes);
  const found: Props = {};
  while (reader.nextField()) decodeEntry(reader.readBytes() as Uint8Array, found);
  return found;
}

test("the generated classes read what is written here", () => {
  fc.assert(
    fc.property(props, (given) => equal(Struct.deserializeBinary(encodeStruct(given)).toJavaScript() as Props, given)),
  );
});

test("what they write is read here", () => {
  fc.assert(
    fc.property(props, (given) => equal(decode(Struct.fromJavaScript(given as never).serializeBinary()), given)),
  );
});

test("fields that nobody knows are passed over, whatever their type", () => {
  const writer = new jspb.BinaryWriter();
  writer.writeString(1, "key");
  writer.writeMessage(2, {}, (_message, inner) => {
    inner.writeInt64(9, -5);
    inner.writeFixed64(10, 7);
    inner.writeString(3, "text");
    inner.writeFixed32(11, 7);
    inner.writeBytes(12, new Uint8Array(200));
  });
  const found: Props = {};
  decodeEntry(writer.getResultBuffer(), found);
  expect(found).toEqual({ key: "text" });
});

test("garbage is an error, or less than what was sent", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const found: Props = {};
      try {
        decodeEntry(bytes, found);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
      expect(JSON.stringify(found).length).toBeLessThan(2_000);
    }),
  );
});

test("a part that says it is longer than the whole is refused before anything is set aside for it", () => {
  for (const length of [[0x7f], [0xff, 0xff, 0xff, 0xff, 0x0f], new Array(10).fill(0xff)])
    expect(() => decodeEntry(Uint8Array.from([0x0a, ...length]), {})).toThrow(RangeError);
});
