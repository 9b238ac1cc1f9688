import { isDeepStrictEqual } from "node:util";

/** One value that differs. */
export interface Difference {
  path: string;
  before?: unknown;
  after?: unknown;
}

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The names of a list's entries, where all have one and no two have the same. */
export function namesOf(list: readonly unknown[]): string[] | undefined {
  const names = list.flatMap((entry) => (isMap(entry) && typeof entry.name === "string" ? [entry.name] : []));
  return names.length === list.length && new Set(names).size === names.length ? names : undefined;
}

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
  const [was, is] = [namesOf(before), namesOf(after)];
  if (was && is) {
    const names = [...new Set([...was, ...is])].sort();
    const found = names.flatMap((name) =>
      differences(before[was.indexOf(name)], after[is.indexOf(name)], `${path}[${name}]`),
    );
    return found.length > 0 ? found : [{ path: `${path} (order)`, before: was, after: is }];
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
