import { parseAllDocuments } from "yaml";
import { UserError } from "../lib/provider.ts";
import { isMap, listAt, type Props, type Value } from "../lib/values.ts";

/** The function behind `yaml.ConfigFile` and `ConfigGroup`: `{text, defaultNamespace?}` to `{result: [objects]}`. */
export function decodeYaml(args: Props): Props {
  const { text } = args;
  if (typeof text !== "string") throw new UserError("kubernetes:yaml:decode: text must be a string");
  const objects = parseAllDocuments(text).flatMap((document): Value[] => {
    if (!("errors" in document)) return [];
    const [error] = document.errors;
    if (error) throw new UserError(`the YAML cannot be read: ${error.message}`);
    return flatten(document.toJS() as Value);
  });
  return { result: objects };
}

/** Lists are taken apart; documents without kind or apiVersion are skipped. */
function flatten(document: Value): Value[] {
  if (!isMap(document) || typeof document.kind !== "string" || typeof document.apiVersion !== "string") return [];
  return document.kind === "List" ? listAt(document, "items").flatMap(flatten) : [document];
}
