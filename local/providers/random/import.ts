import { UserError } from "../lib/provider.ts";
import type { Props } from "../lib/values.ts";
import { bytesState, idState, passwordState, stringState } from "./resources.ts";

/** A value that was made elsewhere, as the state of a resource. */
export interface Imported {
  id: string;
  inputs: Props;
  outputs: Props;
}

type Importer = (value: string) => Promise<Imported>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const string: Importer = async (value) => {
  const inputs = { length: [...value].length };
  return { ...stringState(inputs, value), inputs };
};

const password: Importer = async (value) => {
  const inputs = { length: [...value].length };
  return { ...(await passwordState(inputs, value)), inputs };
};

const bytes: Importer = async (value) => {
  const made = Buffer.from(value, "base64");
  if (made.length === 0 || made.toString("base64") !== value) throw bad("RandomBytes", value, "standard base64");
  return { ...bytesState(made), inputs: { length: made.length } };
};

/** `prefix,b64url`, or without a prefix. */
const id: Importer = async (value) => {
  const comma = value.lastIndexOf(",");
  const prefix = comma < 0 ? "" : value.slice(0, comma);
  const text = value.slice(comma + 1);
  const made = Buffer.from(text, "base64url");
  if (made.length === 0 || made.toString("base64url") !== text) throw bad("RandomId", value, "[prefix,]base64url");
  return { ...idState(made, prefix), inputs: { byteLength: made.length, ...(prefix && { prefix }) } };
};

/** `value,min,max[,seed]`. */
const integer: Importer = async (value) => {
  const [result, min, max, seed] = value.split(",");
  const numbers = [result, min, max].map((part) => (part?.trim() ? Number(part) : Number.NaN));
  const [a = 0, b = 0, c = 0] = numbers;
  if (!numbers.every(Number.isSafeInteger) || a < b || a > c) {
    throw bad("RandomInteger", value, "value,min,max[,seed] with min <= value <= max");
  }
  return { id: String(a), inputs: { min: b, max: c, ...(seed && { seed }) }, outputs: { result: a } };
};

const uuid: Importer = async (value) => {
  if (!UUID.test(value)) throw bad("RandomUuid", value, "a UUID");
  return { id: value, inputs: {}, outputs: { result: value } };
};

const IMPORTERS: { [name: string]: Importer } = {
  RandomPassword: password,
  RandomString: string,
  RandomBytes: bytes,
  RandomId: id,
  RandomInteger: integer,
  RandomUuid: uuid,
};

/** Takes a value over, from what stands behind `pulumi import` or in the option `import`. */
export async function importValue(type: string, value: string): Promise<Imported> {
  const name = type.split(":").pop() ?? "";
  const importer = IMPORTERS[name];
  if (importer) return importer(value);
  throw new UserError(
    `${name} cannot be imported: its value says too little of how it was made; let a new one be made`,
  );
}

/** A value may be a password: the message says what is expected and never what was given. */
function bad(name: string, value: string, expected: string): UserError {
  return new UserError(`${name} cannot be imported from these ${value.length} characters; expected ${expected}`);
}
