import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";
import { type CheckFailure, UserError } from "../lib/provider.ts";
import { type Props, secret, type Value } from "../lib/values.ts";
import { randomText, shuffle, textOptions, textProblem } from "./text.ts";
import { ADJECTIVES, ADVERBS, NAMES } from "./words.ts";

/** One kind of random resource. Whatever input changes, a new value is made: a resource is never updated in place. */
export interface RandomResource {
  /** Inputs that must be there. */
  required: string[];
  /** Beyond missing inputs, what is wrong with them. */
  problem?(inputs: Props): string | undefined;
  /** Makes the value: the id and the outputs beside the inputs. */
  make(inputs: Props): Promise<{ id: string; outputs: Props }>;
  /** Whether an input may be left with its default without being a change; the defaults. */
  defaults?: Props;
}

/** The cost that the official provider uses. */
const BCRYPT_ROUNDS = 10;

const TEXT_DEFAULTS: Props = {
  lower: true,
  upper: true,
  numeric: true,
  number: true,
  special: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
};

const text = {
  required: ["length"],
  problem: (inputs: Props) => textProblem(textOptions(inputs)),
  defaults: TEXT_DEFAULTS,
};

/** `number` and `numeric` are one option; the outputs repeat it under both names. */
function textOutputs(inputs: Props): Props {
  const { numeric } = textOptions(inputs);
  return { ...TEXT_DEFAULTS, ...inputs, numeric, number: numeric };
}

interface Made {
  id: string;
  outputs: Props;
}

const password = (inputs: Props) => passwordState(inputs, randomText(textOptions(inputs)));
const string = async (inputs: Props) => stringState(inputs, randomText(textOptions(inputs)));
const bytes = async (inputs: Props) => bytesState(randomBytes(Number(inputs.length)));
const id = async (inputs: Props) =>
  idState(randomBytes(Number(inputs.byteLength)), typeof inputs.prefix === "string" ? inputs.prefix : "");

export async function passwordState(inputs: Props, result: string): Promise<Made> {
  const { hash } = await import("bcryptjs");
  // bcrypt reads no more than 72 bytes, and the library refuses longer texts outright.
  const bcryptHash = await hash(Buffer.from(result).subarray(0, 72).toString(), BCRYPT_ROUNDS);
  return { id: "none", outputs: { ...textOutputs(inputs), result: secret(result), bcryptHash: secret(bcryptHash) } };
}

export function stringState(inputs: Props, result: string): Made {
  return { id: result, outputs: { ...textOutputs(inputs), result } };
}

export function bytesState(made: Buffer): Made {
  const outputs = { base64: secret(made.toString("base64")), hex: secret(made.toString("hex")) };
  return { id: "none", outputs };
}

export function idState(made: Buffer, prefix: string): Made {
  const b64Url = made.toString("base64url");
  const forms = {
    b64Url,
    b64Std: made.toString("base64"),
    hex: made.toString("hex"),
    dec: BigInt(`0x${made.toString("hex")}`).toString(),
  };
  const outputs = Object.fromEntries(Object.entries(forms).map(([key, value]) => [key, prefix + value]));
  return { id: b64Url, outputs };
}

async function integer(inputs: Props): Promise<{ id: string; outputs: Props }> {
  const [min, max] = [Number(inputs.min), Number(inputs.max)];
  const result = min + chooser(inputs.seed)(max - min + 1);
  return { id: String(result), outputs: { result } };
}

async function uuid(): Promise<{ id: string; outputs: Props }> {
  const result = randomUUID();
  return { id: result, outputs: { result } };
}

async function pet(inputs: Props): Promise<{ id: string; outputs: Props }> {
  const [length, separator] = [Number(inputs.length ?? 2), String(inputs.separator ?? "-")];
  const word = (list: string[]) => list[randomInt(list.length)] ?? "";
  // One word is a name; two are an adjective before it; each further one is an adverb before these (golang-petname, `Generate`).
  const adverbs = Array.from({ length: Math.max(0, length - 2) }, () => word(ADVERBS));
  const words = length === 1 ? [word(NAMES)] : [...adverbs, word(ADJECTIVES), word(NAMES)];
  const made = [...(inputs.prefix ? [String(inputs.prefix)] : []), ...words].join(separator);
  return { id: made, outputs: { length, separator } };
}

async function shuffled(inputs: Props): Promise<{ id: string; outputs: Props }> {
  const items = Array.isArray(inputs.inputs) ? inputs.inputs : [];
  const count = Number(inputs.resultCount ?? items.length);
  const below = chooser(inputs.seed);
  const results: Value[] = [];
  // More results than items: whole rounds, so that no item comes up more than once more often than another.
  while (items.length > 0 && results.length < count) results.push(...shuffle(items, below));
  return { id: "-", outputs: { results: results.slice(0, count) } };
}

/** Chooses below n: by the system's generator, or always the same way for one seed. */
function chooser(seed: Value | undefined): (n: number) => number {
  if (typeof seed !== "string" || seed === "") return (n) => randomInt(n);
  let step = 0;
  return (n) => {
    const digest = createHash("sha256").update(`${seed}:${step++}`).digest();
    return Number(digest.readBigUInt64BE() % BigInt(n));
  };
}

const atLeastOne = (key: string) => (inputs: Props) => {
  const value = Number(inputs[key]);
  return Number.isInteger(value) && value >= 1
    ? undefined
    : `${key} must be a whole number of at least 1, not ${inputs[key]}`;
};

function integerProblem(inputs: Props): string | undefined {
  const [min, max] = [Number(inputs.min), Number(inputs.max)];
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) return "min and max must be whole numbers";
  if (min > max) return `min (${min}) must not be above max (${max})`;
  return max - min < 2 ** 48 ? undefined : "max - min must be below 2^48";
}

const RESOURCES: { [type: string]: RandomResource } = {
  "random:index/randomPassword:RandomPassword": { ...text, make: password },
  "random:index/randomString:RandomString": { ...text, make: string },
  "random:index/randomBytes:RandomBytes": { required: ["length"], problem: atLeastOne("length"), make: bytes },
  "random:index/randomId:RandomId": { required: ["byteLength"], problem: atLeastOne("byteLength"), make: id },
  "random:index/randomInteger:RandomInteger": { required: ["min", "max"], problem: integerProblem, make: integer },
  "random:index/randomUuid:RandomUuid": { required: [], make: uuid },
  "random:index/randomPet:RandomPet": { required: [], defaults: { length: 2, separator: "-" }, make: pet },
  "random:index/randomShuffle:RandomShuffle": { required: ["inputs"], make: shuffled },
};

export function resourceOf(type: string): RandomResource {
  const resource = RESOURCES[type];
  if (resource) return resource;
  const have = Object.keys(RESOURCES).map((token) => token.split(":").pop());
  throw new UserError(
    `${type} is not supported by this random plugin, which has ${have.join(", ")}; install the official plugin for it`,
  );
}

/** Inputs that are missing or cannot be met; unknown ones are judged when they are known. */
export function failures(resource: RandomResource, inputs: Props, unknown: boolean): CheckFailure[] {
  const missing = resource.required.filter((key) => inputs[key] === undefined || inputs[key] === null);
  if (missing.length > 0) return missing.map((property) => ({ property, reason: `${property} is required` }));
  const problem = unknown ? undefined : resource.problem?.(inputs);
  return problem ? [{ property: "", reason: problem }] : [];
}
