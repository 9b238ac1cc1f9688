import { bench as measure } from "../bench/bench.ts";
import type { Options } from "./options.ts";

/** Measures on a cluster of its own and writes docs/figures.md. */
export async function bench({ only }: Options): Promise<void> {
  await measure(only?.split(/\s+/).filter(Boolean) ?? []);
}
