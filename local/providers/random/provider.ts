import * as api from "../lib/provider.ts";
import { equal, hasUnknown, isUnknown, type Props, UNKNOWN, unwrapMap } from "../lib/values.ts";
import { importValue } from "./import.ts";
import { failures, resourceOf } from "./resources.ts";

/** The random plugin: values are made once, kept in the state, and made anew when an input changes. */
export class RandomProvider implements api.Provider {
  readonly name = "random";
  readonly version = "4.21.2";

  async configure(): Promise<void> {}

  async check({ type, news }: api.CheckRequest): Promise<api.CheckResult> {
    const problems = failures(resourceOf(type), unwrapMap(news), hasUnknown(news));
    return { inputs: news, failures: problems };
  }

  async diff({ type, olds, news, ignoreChanges }: api.DiffRequest): Promise<api.DiffResult> {
    return diffInputs(unwrapMap(olds), unwrapMap(news), resourceOf(type).defaults ?? {}, ignoreChanges);
  }

  async create({ type, properties, preview }: api.CreateRequest): Promise<api.CreateResult> {
    if (preview) return { id: "", properties: await this.#planned(type, properties) };
    const { id, outputs } = await resourceOf(type).make(unwrapMap(properties));
    return { id, properties: { ...properties, ...outputs } };
  }

  /** In a preview the value is unknown: which outputs there will be is all that can be said. */
  async #planned(type: string, properties: Props): Promise<Props> {
    const outputs = OUTPUTS[type.split(":").pop() ?? ""] ?? [];
    return { ...properties, ...Object.fromEntries(outputs.map((key) => [key, UNKNOWN])) };
  }

  async read({ id, properties, inputs, type }: api.ReadRequest): Promise<api.ReadResult> {
    if (Object.keys(properties).length > 0) return { id, properties, inputs };
    const imported = await importValue(type, id);
    const state = { ...imported.inputs, ...imported.outputs };
    return { id: imported.id, properties: state, inputs: imported.inputs };
  }

  async update({ urn }: api.UpdateRequest): Promise<Props> {
    throw new api.UserError(`${urn}: a random value is replaced, never updated`);
  }

  async delete(): Promise<void> {}
}

/** Outputs that are made, by class. */
const OUTPUTS: { [name: string]: string[] } = {
  RandomPassword: ["result", "bcryptHash"],
  RandomString: ["result"],
  RandomBytes: ["base64", "hex"],
  RandomId: ["b64Std", "b64Url", "dec", "hex"],
  RandomInteger: ["result"],
  RandomUuid: ["result"],
  RandomShuffle: ["results"],
};
/** Every output of this plugin that no input can be named after. */
const MADE = new Set([...Object.values(OUTPUTS).flat(), "__defaults", "__meta"]);

/** Any change of an input makes a new value; an input at its default, unset before or after, is no change. */
export function diffInputs(olds: Props, news: Props, defaults: Props, ignoreChanges: string[]): api.DiffResult {
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => !MADE.has(key) && !ignoreChanges.includes(key),
  );
  const value = (props: Props, key: string) => props[key] ?? defaults[key] ?? null;
  // The state repeats `numeric` as `number`; only what the program says counts for an alias.
  const aliases = keys.filter((key) => (key === "number" || key === "numeric") && news[key] === undefined);
  const changed = keys.filter((key) => {
    if (aliases.includes(key) && ("number" in news || "numeric" in news)) return false;
    return isUnknown(news[key]) || !equal(value(olds, key), value(news, key));
  });
  const detailed = changed.map((key): [string, api.PropertyDiff] => [
    key,
    { kind: kindOf(olds, news, key), replace: true },
  ]);
  return { changes: changed.length > 0, detailed: Object.fromEntries(detailed) };
}

function kindOf(olds: Props, news: Props, key: string): api.DiffKind {
  if (!(key in olds)) return "add";
  return key in news ? "update" : "delete";
}
