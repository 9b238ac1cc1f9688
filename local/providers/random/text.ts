import { randomInt } from "node:crypto";
import { UserError } from "../lib/provider.ts";
import type { Props } from "../lib/values.ts";

/** Options of RandomString and RandomPassword with their defaults. */
export interface TextOptions {
  length: number;
  upper: boolean;
  lower: boolean;
  numeric: boolean;
  special: boolean;
  minUpper: number;
  minLower: number;
  minNumeric: number;
  minSpecial: number;
  overrideSpecial: string;
}

const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Reads the options; `number` is the old name of `numeric`. */
export function textOptions(inputs: Props): TextOptions {
  const flag = (...keys: string[]) =>
    keys.map((key) => inputs[key]).find((value) => typeof value === "boolean") ?? true;
  const count = (key: string) => Number(inputs[key] ?? 0);
  return {
    length: count("length"),
    upper: flag("upper"),
    lower: flag("lower"),
    numeric: flag("numeric", "number"),
    special: flag("special"),
    minUpper: count("minUpper"),
    minLower: count("minLower"),
    minNumeric: count("minNumeric"),
    minSpecial: count("minSpecial"),
    overrideSpecial: typeof inputs.overrideSpecial === "string" ? inputs.overrideSpecial : "",
  };
}

/** A text with the least number of characters of each class; every choice and the order come from the system's generator. */
export function randomText(options: TextOptions): string {
  const classes = [
    { on: options.upper, min: options.minUpper, from: LETTERS.toUpperCase() },
    { on: options.lower, min: options.minLower, from: LETTERS },
    { on: options.numeric, min: options.minNumeric, from: "0123456789" },
    { on: options.special, min: options.minSpecial, from: options.overrideSpecial || SPECIAL },
  ];
  const problem = textProblem(options);
  if (problem) throw new UserError(problem);
  const required = classes.flatMap(({ min, from }) => pick([...from], min));
  const alphabet = classes.flatMap(({ on, from }) => (on ? [...from] : []));
  return shuffle([...required, ...pick(alphabet, options.length - required.length)]).join("");
}

/** What keeps the options from being met, if anything. */
export function textProblem(options: TextOptions): string | undefined {
  const { length, upper, lower, numeric, special, minUpper, minLower, minNumeric, minSpecial } = options;
  const least = minUpper + minLower + minNumeric + minSpecial;
  if (!Number.isInteger(length) || length < 1) return `length must be a whole number of at least 1, not ${length}`;
  if (length < least)
    return `length (${length}) must be at least minUpper + minLower + minNumeric + minSpecial (${least})`;
  if (![upper, lower, numeric, special].includes(true)) return "one of upper, lower, numeric and special must be true";
  return undefined;
}

function pick(alphabet: string[], count: number): string[] {
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)] ?? "");
}

/** A copy in random order (Fisher-Yates); `below(n)` answers an index in [0, n). */
export function shuffle<T>(items: T[], below: (n: number) => number = randomInt): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
