import type { Rendered } from "./types.ts";

/** A resource as it was and as it is; one side is missing where it was created or deleted. */
export interface Pair {
  before?: Rendered;
  after?: Rendered;
}

export const keyOf = ({ type, name }: { type: string; name: string }) => `${type} ${name}`;

/** Resources of both renderings by type and name; several of one name (below different parents) go in their order. */
export function pairsOf(before: readonly Rendered[], after: readonly Rendered[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const [side, list] of [
    ["before", before],
    ["after", after],
  ] as const) {
    const seen = new Map<string, number>();
    for (const resource of list) {
      const key = keyOf(resource);
      const count = seen.get(key) ?? 0;
      seen.set(key, count + 1);
      pairs.set(`${key} ${count}`, { ...pairs.get(`${key} ${count}`), [side]: resource });
    }
  }
  return [...pairs.values()];
}
