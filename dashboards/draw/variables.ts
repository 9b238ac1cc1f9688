import type { Addresses, Ask } from "./fetch.ts";
import type { BoardJson, Range, VariableJson } from "./model.ts";

/** What stands for each `$name` in the queries. */
export type Picked = Readonly<Record<string, string>>;

/** A picker: what it offers, and what is picked. */
export interface Picker {
  name: string;
  label: string;
  options: readonly string[];
  value: string;
}

/** Everything, where a variable offers that. */
export const ALL = "All";

/** Asks what each variable of a board offers. What is wanted counts where it is offered; else all, or the first. */
export async function pickersOf(
  board: BoardJson,
  wanted: Picked,
  range: Range,
  at: Addresses,
  ask: Ask,
): Promise<Picker[]> {
  const list = board.templating?.list ?? [];
  return await Promise.all(
    list.map(async (variable) => {
      const values = await valuesOf(variable, range, at, ask);
      const options = variable.includeAll ? [ALL, ...values] : values;
      const asked = wanted[variable.name];
      const value = asked !== undefined && options.includes(asked) ? asked : (options[0] ?? "");
      return { name: variable.name, label: variable.label ?? variable.name, options, value };
    }),
  );
}

/** What is put into the queries: everything as the variable's own regular expression, a value with its signs escaped. */
export function pickedOf(board: BoardJson, pickers: readonly Picker[]): Picked {
  const list = board.templating?.list ?? [];
  const texts = pickers.map(({ name, value }) => {
    const variable = list.find((one) => one.name === name);
    if (variable?.includeAll && value === ALL) return [name, variable.allValue ?? ".+"];
    return [name, variable?.type === "custom" ? value : escapeForMatcher(value)];
  });
  return Object.fromEntries(texts);
}

/** A value within a quoted regular expression of PromQL: its own signs, and the backslashes before them. */
const escapeForMatcher = (value: string) => value.replaceAll(/[.*+?^${}()|[\]]/g, "\\\\$&");

async function valuesOf(variable: VariableJson, range: Range, at: Addresses, ask: Ask): Promise<string[]> {
  if (variable.type === "custom") return String(variable.query).split(",");
  if (variable.type !== "query") throw new Error(`variable "${variable.name}": type "${variable.type}" is not known`);
  const found = /^label_values\((.+), ?(\w+)\)$/.exec(String(variable.query));
  if (!found) throw new Error(`variable "${variable.name}": "${variable.query}" is not label_values(metric, label)`);
  const match = encodeURIComponent(found[1] as string);
  const url = `${at.prometheusUrl}/api/v1/label/${found[2]}/values?match[]=${match}&start=${range.from}&end=${range.to}`;
  const { data } = (await ask(url)) as { data: string[] };
  return data.toSorted();
}
