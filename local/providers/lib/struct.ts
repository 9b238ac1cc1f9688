import type { BinaryReader, BinaryWriter } from "google-protobuf";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import structModule from "google-protobuf/google/protobuf/struct_pb.js";
import { decodeEntry, encodeStruct } from "./struct-wire.ts";
import type { Props, Value } from "./values.ts";

const { Struct: StructClass } = structModule;

type Given = { [key: string]: Value | undefined };

/** The properties of a Struct that was received, or is to be sent. Its own fields stay empty. */
const properties = new WeakMap<Struct, Given>();

// In the messages of the engine's protocol Structs come and go as bytes, without the generated classes in between.
StructClass.deserializeBinaryFromReader = (message: Struct, reader: BinaryReader): Struct => {
  const props: Props = {};
  while (reader.nextField() && !reader.isEndGroup()) {
    if (reader.getFieldNumber() === 1) decodeEntry(reader.readBytes() as Uint8Array, props);
    else reader.skipField();
  }
  properties.set(message, props);
  return message;
};
StructClass.serializeBinaryToWriter = (message: Struct, writer: BinaryWriter): void => {
  const bytes = encodeStruct(properties.get(message) ?? {});
  writer.writeSerializedMessage(bytes, 0, bytes.length);
};

/** A protobuf Struct as plain properties; nulls are kept. An absent Struct is an empty map. */
export function fromStruct(struct: Struct | undefined): Props {
  return { ...((struct && properties.get(struct)) as Props | undefined) };
}

/** Plain properties as a protobuf Struct; undefined entries are left out. */
export function toStruct(props: Given): Struct {
  const struct = new StructClass();
  properties.set(struct, props);
  return struct;
}
