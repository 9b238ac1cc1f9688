import type { Stack } from "../lib/stack.ts";
import type { ProbeRow, Written } from "../writes.ts";

/** A primary has to take writes within this time after any fault. */
export const FAILOVER_SECONDS = 90;
/** All members have to be in step again within this time. */
export const HEALTHY_SECONDS = 240;

/** Writers that go on until they are stopped. */
export interface Writes {
  /** Ends them and returns what was acknowledged. */
  stop(): Promise<Written>;
  /** All rows that are there now, in the order of their time. */
  rows(): Promise<ProbeRow[]>;
  /** Deletes an acknowledged row: the negative control of the check that follows. */
  lose(): Promise<void>;
  /** Ends the writers and removes their rows. Does nothing twice. */
  remove(): Promise<void>;
}

/** Something with a primary that others follow, and one of them takes over. */
export interface ReplicatedSystem {
  /** The primary's pod, as `pod/NAME`. */
  primary(stack: Stack): Promise<string>;
  /** Waits until a member takes writes, and returns its pod. */
  primaryThatWrites(stack: Stack): Promise<string>;
  /** Waits until all members are in step. */
  healthy(stack: Stack): Promise<void>;
  startWrites(stack: Stack): Promise<Writes>;
}
