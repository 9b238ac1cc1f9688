import { CONTRACT } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";

const ALL: readonly Operation[] = Object.values(CONTRACT);

/** Paths of the operations that fit. Only such as have no parameters are found among them by `pathOf`. */
export function pathsOf(fits: (operation: Operation) => boolean): ReadonlySet<string> {
  return new Set(ALL.filter(fits).map(({ path }) => path));
}

export function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "";
}
