import { isDeepStrictEqual } from "node:util";

/** One value that differs. */
export interface Difference {
  path: string;
  before?: unknown;
  after?: unknown;
}

type Named = { name: string };
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const haveNames = (list: unknown[]): list is Named[] =>
  list.every((entry) => isMap(entry) && typeof entry.name === "string") &&
  new Set((list as Named[]).map(({ name }) => name)).size === list.length;

/**
 * What differs between two values, as paths to the smallest parts. Entries of lists are paired by their `name` where all
 * have one, so that an inserted variable is one difference and not all that follow it.
 */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(before[key], after[key], join(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return ofLists(before, after, path);
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function ofLists(before: unknown[], after: unknown[], path: string): Difference[] {
  if (haveNames(before) && haveNames(after)) {
    const byName = (list: Named[]) => Object.fromEntries(list.map((entry) => [entry.name, entry]));
    const [olds, news] = [byName(before), byName(after)];
    const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort();
    const found = names.flatMap((name) => differences(olds[name], news[name], `${path}[${name}]`));
    const order = (list: Named[]) => list.map(({ name }) => name);
    return found.length > 0 ? found : [{ path: `${path} (order)`, before: order(before), after: order(after) }];
  }
  if (before.length !== after.length || !before.every(isMap)) return [{ path, before, after }];
  return before.flatMap((entry, index) => differences(entry, after[index], `${path}[${index}]`));
}

/** "metadata.labels[app.kubernetes.io/name]": a key with a dot stands in brackets. */
function join(path: string, key: string): string {
  if (/[.[\]/]/.test(key)) return `${path}[${key}]`;
  return path ? `${path}.${key}` : key;
}

/** The lines that differ between two texts, the equal beginning and end left out: "- old", "+ new". */
export function lines(before: string, after: string, most = 20): string[] {
  const [olds, news] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < Math.min(olds.length, news.length) && olds[start] === news[start]) start++;
  let end = 0;
  while (end < Math.min(olds.length, news.length) - start && olds.at(-1 - end) === news.at(-1 - end)) end++;
  const changed = [
    ...olds.slice(start, olds.length - end).map((line) => `- ${line}`),
    ...news.slice(start, news.length - end).map((line) => `+ ${line}`),
  ];
  return changed.length > most ? [...changed.slice(0, most), `… ${changed.length - most} more lines`] : changed;
}
