import type { Bounds } from "./limiter.ts";
import type { Priority } from "./priorities.ts";

/** What requests wait for, each with a limit of its own: the process itself, and the connections to PostgreSQL's servers. */
export type Resource = "process" | "primary" | "replica";

/**
 * How long a request may wait before anything is done for it. DAGOR has 20 ms, and says why the wait and not the answer's
 * time is the measure: a slow dependency makes answers late without an overload (Zhou et al., "Overload Control for Scaling
 * WeChat Microservices", SoCC 2018, section 4.1). Here a request comes back to the event loop at each step and waits
 * anew. Measured at 3 × overload: with 20 ms the slowest hundredth took 2.0 times as long as at the peak, with 10 ms 1.8.
 */
const TARGET_LOOP_WAIT_MS = 10;
/**
 * Mean wait for a connection: a quarter of what an answer may take (objectives.ts), so that bursts are borne. With 50 ms
 * some were refused at the peak itself.
 */
const TARGET_POOL_WAIT_MS = 75;
/**
 * So few are always let in: where they are late, the machine is busy with something else, or the process has just started
 * and its code is not compiled yet. With 8, one call in fifteen was refused while processes were replaced.
 */
const FEW = 40;
/** The same of what needs a connection. With 6, reads of an api that had just started were refused. */
const FEW_CONNECTED = 24;

export const BOUNDS: Record<Resource, Bounds> = {
  process: { targetMs: TARGET_LOOP_WAIT_MS, least: FEW, increase: 4 },
  primary: { targetMs: TARGET_POOL_WAIT_MS, least: FEW_CONNECTED, increase: 1 },
  replica: { targetMs: TARGET_POOL_WAIT_MS, least: FEW_CONNECTED, increase: 1 },
};

/** What admission decides by, for one request. */
export interface Demand {
  priority: Priority;
  /** What the request needs besides the process. */
  needed: Exclude<Resource, "process"> | undefined;
}
