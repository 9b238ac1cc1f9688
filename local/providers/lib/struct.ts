import type { Value as ProtoValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import structModule from "google-protobuf/google/protobuf/struct_pb.js";
import type { Props, Value } from "./values.ts";

const { ListValue, NullValue, Struct: StructClass, Value: ValueClass } = structModule;

/** A protobuf Struct as plain properties; nulls are kept. An absent Struct is an empty map. */
export function fromStruct(struct: Struct | undefined): Props {
  const props: Props = {};
  struct?.getFieldsMap().forEach((value: ProtoValue, key: string) => {
    props[key] = fromValue(value);
  });
  return props;
}

function fromValue(value: ProtoValue): Value {
  const kinds = ValueClass.KindCase;
  switch (value.getKindCase()) {
    case kinds.BOOL_VALUE:
      return value.getBoolValue();
    case kinds.NUMBER_VALUE:
      return value.getNumberValue();
    case kinds.STRING_VALUE:
      return value.getStringValue();
    case kinds.LIST_VALUE:
      return value.getListValue()?.getValuesList().map(fromValue) ?? [];
    case kinds.STRUCT_VALUE:
      return fromStruct(value.getStructValue());
    default:
      return null;
  }
}

/** Plain properties as a protobuf Struct; undefined entries are left out. */
export function toStruct(props: { [key: string]: Value | undefined }): Struct {
  const struct = new StructClass();
  const fields = struct.getFieldsMap();
  for (const [key, value] of Object.entries(props)) if (value !== undefined) fields.set(key, toValue(value));
  return struct;
}

function toValue(value: Value): ProtoValue {
  const proto = new ValueClass();
  if (value === null || value === undefined) proto.setNullValue(NullValue.NULL_VALUE);
  else if (typeof value === "boolean") proto.setBoolValue(value);
  else if (typeof value === "number") proto.setNumberValue(value);
  else if (typeof value === "string") proto.setStringValue(value);
  else if (Array.isArray(value)) proto.setListValue(new ListValue().setValuesList(value.map(toValue)));
  else proto.setStructValue(toStruct(value));
  return proto;
}
