import { randomInt } from "node:crypto";
import type { Props } from "../values.ts";

/** Options of RandomPassword that may be left out. */
export const TEXT_DEFAULTS: Props = {
  lower: true,
  upper: true,
  numeric: true,
  special: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
};

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** The classes of characters: whether each is used, at least how many of it, and which they are. */
function classesOf(given: Props) {
  const options = { ...TEXT_DEFAULTS, ...given };
  return [
    { on: options.upper === true, min: Number(options.minUpper), from: LETTERS.toUpperCase() },
    { on: options.lower === true, min: Number(options.minLower), from: LETTERS },
    { on: options.numeric === true, min: Number(options.minNumeric), from: "0123456789" },
    { on: options.special === true, min: Number(options.minSpecial), from: String(options.overrideSpecial || SPECIAL) },
  ];
}

/** What keeps the options from being met, if anything. */
export function textProblem(options: Props): string | undefined {
  const { length } = options;
  const classes = classesOf(options);
  const least = classes.reduce((sum, { min }) => sum + min, 0);
  if (!Number.isInteger(length) || Number(length) < 1)
    return `length must be a whole number of at least 1, not ${length}`;
  if (Number(length) < least)
    return `length (${length}) must be at least minUpper + minLower + minNumeric + minSpecial (${least})`;
  return classes.some(({ on }) => on) ? undefined : "one of upper, lower, numeric and special must be true";
}

/** A text with the least number of characters of each class; every choice and the order come from the system's generator. */
export function randomText(options: Props): string {
  const classes = classesOf(options);
  const required = classes.flatMap(({ min, from }) => pick([...from], min));
  const alphabet = classes.flatMap(({ on, from }) => (on ? [...from] : []));
  return shuffled([...required, ...pick(alphabet, Number(options.length) - required.length)]).join("");
}

function pick(alphabet: string[], count: number): string[] {
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)] ?? "");
}

/** A copy in random order (Fisher-Yates). */
function shuffled<T>(items: T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
