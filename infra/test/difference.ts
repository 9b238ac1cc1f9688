/** How the manifests of one stack differ from those of another: per object, per field, so that it can be read. */

type Plain = Record<string, unknown>;

/** Objects by "Kind namespace/name". */
export type Objects = Readonly<Record<string, Plain>>;

export interface Difference {
  /** Objects that the reference does not have, in full. */
  added: Record<string, Plain>;
  /** Objects that only the reference has. */
  removed: string[];
  /** Fields by their path, by object. A text of several lines is compared line by line. */
  changed: Record<string, Record<string, Change>>;
}

export type Change =
  | { was: unknown; is: unknown }
  | { added: unknown }
  | { removed: unknown }
  /** "-7 text" was line 7 of the reference; "+8 text" is line 8 now. */
  | { lines: string[] }
  /** Names of a list's elements, where their order does not follow from the reference's. */
  | { order: string[] };

/** Two sets of objects with the same difference to one reference are equal. */
export function difference(reference: Objects, objects: Objects): Difference {
  const result: Difference = { added: {}, removed: [], changed: {} };
  for (const key of unionOfKeys(reference, objects)) {
    const [was, is] = [reference[key], objects[key]];
    if (!is) result.removed.push(key);
    else if (!was) result.added[key] = is;
    else {
      const changes: Record<string, Change> = {};
      compare("", was, is, changes);
      if (Object.keys(changes).length > 0) result.changed[key] = changes;
    }
  }
  return result;
}

function compare(path: string, was: unknown, is: unknown, changes: Record<string, Change>): void {
  if (JSON.stringify(was) === JSON.stringify(is)) return;
  if (isPlain(was) && isPlain(is)) compareFields(was, is, changes, (key) => fieldPath(path, key));
  else if (Array.isArray(was) && Array.isArray(is)) compareLists(path, was, is, changes);
  else if (isText(was) && isText(is)) changes[path] = { lines: lineChanges(was.split("\n"), is.split("\n")) };
  else changes[path] = { was, is };
}

const isText = (value: unknown): value is string => typeof value === "string" && value.includes("\n");

function compareFields(was: Plain, is: Plain, changes: Record<string, Change>, pathOf: (key: string) => string): void {
  for (const key of unionOfKeys(was, is)) {
    const path = pathOf(key);
    if (!(key in is)) changes[path] = { removed: was[key] };
    else if (!(key in was)) changes[path] = { added: is[key] };
    else compare(path, was[key], is[key], changes);
  }
}

/** Elements with names (containers, variables, ports) are compared by name, others by their place, if there are as many. */
function compareLists(path: string, was: unknown[], is: unknown[], changes: Record<string, Change>): void {
  const [before, now] = [byName(was), byName(is)];
  if (before && now) {
    compareFields(before, now, changes, (name) => `${path}[${name}]`);
    const order = Object.keys(now);
    if (order.join("\n") !== expectedOrder(Object.keys(before), order).join("\n")) changes[`${path}[]`] = { order };
  } else if (was.length === is.length) {
    for (const [index, one] of was.entries()) compare(`${path}[${index}]`, one, is[index], changes);
  } else changes[path] = { was, is };
}

/** Elements that were there come in the same order as before, then new ones in the order of their names. */
function expectedOrder(before: string[], now: string[]): string[] {
  const kept = before.filter((name) => now.includes(name));
  const all = [...kept, ...now.filter((name) => !before.includes(name)).sort()];
  return isSorted(kept) ? all.sort() : all;
}

const isSorted = (names: string[]) => names.join("\n") === [...names].sort().join("\n");

function byName(list: unknown[]): Plain | undefined {
  const names = list.map((element) => (isPlain(element) && typeof element.name === "string" ? element.name : ""));
  // A name that is a number would change the order of an object's keys.
  const usable = names.every((name) => /^[A-Za-z_]/.test(name)) && new Set(names).size === names.length;
  return usable ? Object.fromEntries(list.map((element, index) => [names[index], element])) : undefined;
}

/** The shortest list of lines taken out and put in. */
function lineChanges(was: string[], is: string[]): string[] {
  const common = longestCommon(was, is);
  const changes: string[] = [];
  let [i, j] = [0, 0];
  while (i < was.length || j < is.length) {
    if (i < was.length && j < is.length && was[i] === is[j]) [i, j] = [i + 1, j + 1];
    else if (j >= is.length || (i < was.length && at(common, i + 1, j) >= at(common, i, j + 1)))
      changes.push(`-${i + 1} ${was[i++]}`);
    else changes.push(`+${j + 1} ${is[j++]}`);
  }
  return changes;
}

/** For each pair of places: how many lines of the two remainders are common, in order. */
function longestCommon(was: string[], is: string[]): number[][] {
  const table = was.concat("").map(() => new Array<number>(is.length + 1).fill(0));
  for (let i = was.length - 1; i >= 0; i--)
    for (let j = is.length - 1; j >= 0; j--)
      (table[i] as number[])[j] =
        was[i] === is[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
  return table;
}

const at = (table: number[][], i: number, j: number) => table[i]?.[j] ?? 0;

function fieldPath(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}["${key}"]`;
  return path ? `${path}.${key}` : key;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unionOfKeys(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
