import type { Props, Value } from "./values.ts";

/**
 * google.protobuf.Struct as bytes, straight to plain properties and back. The generated classes take ten times as long,
 * and most of what the engine and a plugin tell each other are Structs.
 *
 * Wire format: https://protobuf.dev/programming-guides/encoding; fields: google/protobuf/struct.proto.
 */

const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];
const tag = (field: number, type: number) => (field << 3) | type;

/** Of Struct its entries, of ListValue its values. */
const FIELDS = tag(1, LENGTH);
const ENTRY = { key: tag(1, LENGTH), value: tag(2, LENGTH) };
const VALUE = {
  null: tag(1, VARINT),
  number: tag(2, FIXED64),
  string: tag(3, LENGTH),
  bool: tag(4, VARINT),
  struct: tag(5, LENGTH),
  list: tag(6, LENGTH),
};

/** Reads one entry of a Struct, as its field 1 holds it, into `props`; throws where the bytes are no such entry. */
export function decodeEntry(bytes: Uint8Array, props: Props): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  new Reader(buffer).entry(buffer.length, props);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  entry(end: number, props: Props): void {
    let key = "";
    let value: Value = null;
    while (this.#at < end) {
      const found = this.#varint(end);
      if (found === ENTRY.key) key = this.#string(end);
      else if (found === ENTRY.value) value = this.#value(this.#end(end));
      else this.#skip(found, end);
    }
    put(props, key, value);
  }

  /** The last of several kinds counts, as with the generated classes. */
  #value(end: number): Value {
    let value: Value = null;
    while (this.#at < end) {
      const found = this.#varint(end);
      if (found === VALUE.string) value = this.#string(end);
      else if (found === VALUE.struct) value = this.#struct(this.#end(end));
      else if (found === VALUE.number) value = this.#bytes.readDoubleLE(this.#take(8, end));
      else if (found === VALUE.bool) value = this.#varint(end) !== 0;
      else if (found === VALUE.list) value = this.#list(this.#end(end));
      else if (found === VALUE.null) value = this.#varint(end) === 0 ? null : value;
      else this.#skip(found, end);
    }
    return value;
  }

  #struct(end: number): Props {
    const props: Props = {};
    while (this.#at < end) {
      const found = this.#varint(end);
      if (found === FIELDS) this.entry(this.#end(end), props);
      else this.#skip(found, end);
    }
    return props;
  }

  #list(end: number): Value[] {
    const list: Value[] = [];
    while (this.#at < end) {
      const found = this.#varint(end);
      if (found === FIELDS) list.push(this.#value(this.#end(end)));
      else this.#skip(found, end);
    }
    return list;
  }

  #string(end: number): string {
    const length = this.#varint(end);
    const from = this.#take(length, end);
    return this.#bytes.toString("utf8", from, from + length);
  }

  /** Where the part that begins here, with its length, ends. */
  #end(end: number): number {
    const length = this.#varint(end);
    if (length > end - this.#at) throw new RangeError("a part of a Struct is longer than the whole");
    return this.#at + length;
  }

  #skip(found: number, end: number): void {
    const type = found & 7;
    if (type === VARINT) this.#varint(end);
    else if (type === FIXED64) this.#take(8, end);
    else if (type === LENGTH) this.#take(this.#varint(end), end);
    else if (type === FIXED32) this.#take(4, end);
    else throw new RangeError(`a Struct has no field of wire type ${type}`);
  }

  #take(length: number, end: number): number {
    const from = this.#at;
    if (length > end - from) throw new RangeError("a Struct is cut off");
    this.#at = from + length;
    return from;
  }

  #varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      if (this.#at >= end) throw new RangeError("a Struct is cut off");
      const byte = this.#bytes[this.#at++] as number;
      // Beyond 32 bits only in what is skipped or is no length at all.
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError("a number in a Struct has no end");
  }
}

function put(props: Props, key: string, value: Value): void {
  if (key !== "__proto__") props[key] = value;
  else Object.defineProperty(props, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The bytes of a Struct; undefined entries are left out. */
export function encodeStruct(props: { [key: string]: Value | undefined }): Uint8Array {
  const writer = new Writer();
  writer.struct(props);
  return writer.bytes();
}

/** Writes from the end to the beginning: the length of a part, which comes before it, is known when it is written. */
class Writer {
  #buffer = Buffer.allocUnsafe(4_096);
  #at = this.#buffer.length;

  bytes(): Uint8Array {
    return this.#buffer.subarray(this.#at);
  }

  struct(props: { [key: string]: Value | undefined }): void {
    for (const [key, value] of Object.entries(props).reverse()) {
      if (value === undefined) continue;
      const end = this.#left();
      this.#part(ENTRY.value, () => this.#value(value));
      this.#string(ENTRY.key, key);
      this.#head(FIELDS, end);
    }
  }

  #value(value: Value | undefined): void {
    if (typeof value === "string") this.#string(VALUE.string, value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean") this.#small(VALUE.bool, value ? 1 : 0);
    else if (value === null || value === undefined) this.#small(VALUE.null, 0);
    else if (Array.isArray(value)) this.#part(VALUE.list, () => this.#list(value));
    else this.#part(VALUE.struct, () => this.struct(value));
  }

  #list(values: Value[]): void {
    for (let n = values.length - 1; n >= 0; n--) this.#part(FIELDS, () => this.#value(values[n]));
  }

  #part(field: number, write: () => void): void {
    const end = this.#left();
    write();
    this.#head(field, end);
  }

  /** The field and length of what was written since. */
  #head(field: number, end: number): void {
    this.#varint(this.#left() - end);
    this.#varint(field);
  }

  #string(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    this.#at -= length;
    this.#buffer.write(text, this.#at, length, "utf8");
    this.#varint(length);
    this.#varint(field);
  }

  #number(value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
    this.#varint(VALUE.number);
  }

  #small(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field);
  }

  #varint(value: number): void {
    this.#reserve(10);
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    bytes.push(rest);
    this.#at -= bytes.length;
    for (const [n, byte] of bytes.entries()) this.#buffer[this.#at + n] = byte;
  }

  /** Bytes written so far. */
  #left(): number {
    return this.#buffer.length - this.#at;
  }

  #reserve(more: number): void {
    if (this.#at >= more) return;
    const written = this.#left();
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, written + more * 2));
    this.#buffer.copy(larger, larger.length - written, this.#at);
    this.#buffer = larger;
    this.#at = larger.length - written;
  }
}
