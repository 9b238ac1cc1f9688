/** A property value as the engine sends it: JSON, with secrets as marked objects and unknowns as marked strings. */
export type Value = null | boolean | number | string | Value[] | Props;
export type Props = { [key: string]: Value };

/** The key that marks an object as something other than a plain map (pulumi `sdk/go/common/resource/sig`). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What an unknown string looks like on the wire; the others are unknowns of another type. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

export function isMap(value: Value | undefined): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the value is unknown or holds something that is. */
export function hasUnknown(value: Value | undefined): boolean {
  if (typeof value === "string") return UNKNOWNS.has(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** Marks a value secret. */
export const secret = (value: Value): Props => ({ [SIGNATURE]: SECRET, value });

/** The value without its secret and output wrappers, at any depth; a missing output is an unknown. */
export function unwrap(value: Value): Value {
  if (Array.isArray(value)) return value.map(unwrap);
  if (!isMap(value)) return value;
  if (value[SIGNATURE] === SECRET || value[SIGNATURE] === OUTPUT) return unwrap(value.value ?? UNKNOWN);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

export const unwrapMap = (props: Props): Props => unwrap(props) as Props;

/** The map that stands under the key; empty where there is none. */
export function mapAt(props: Props, key: string): Props {
  const found = props[key];
  return isMap(found) ? found : {};
}
