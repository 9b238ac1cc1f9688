import { bench as measure } from "../bench/bench.ts";
import { Interrupted } from "../bench/interrupt.ts";
import { say } from "../lib/progress.ts";
import type { Options } from "./options.ts";

/** The exit status of a program that SIGINT ended, as shells report it. */
const INTERRUPTED = 130;

/** Measures on a cluster of its own and writes docs/figures.md. */
export async function bench({ only }: Options): Promise<void> {
  try {
    await measure(only?.split(/\s+/).filter(Boolean) ?? []);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    say("interrupted: the bench's children and its cluster are gone");
    process.exit(INTERRUPTED);
  }
}
