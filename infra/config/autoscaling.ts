import { z } from "zod";

/** By what, besides CPU, the numbers of pods follow the load. */
export const autoscalingSection = z.strictObject({
  /**
   * Base stack: run prometheus-adapter, which gives the cluster the API of external metrics; false where the cluster has
   * another server of it. Other stacks: let autoscalers ask that API for requests per second and the age of the queue; false
   * where nothing answers there with this program's figures: then CPU alone counts. @default true
   */
  adapter: z.boolean().default(true),
});

/** How fast a number of pods changes. */
export interface Pace {
  /** How long the load must have been so, in seconds; the most careful figure of that time counts. */
  settleSeconds: number;
  /** At most so many pods … */
  pods: number;
  /** … in so many seconds. */
  everySeconds: number;
}

export interface Paces {
  up: Pace;
  down: Pace;
}

/** A rush is met at once, by two pods at a time; pods go one by one, so that the others have room for what they served. */
const SERVING: Paces = {
  up: { settleSeconds: 0, pods: 2, everySeconds: 15 },
  down: { settleSeconds: 120, pods: 1, everySeconds: 30 },
};

/** By workload that has an autoscaler. */
export const PACES = {
  api: SERVING,
  web: SERVING,
  // With a pod go its edge cache and its open connections.
  gateway: { up: SERVING.up, down: { settleSeconds: 300, pods: 1, everySeconds: 60 } },
  // A job that is late once is no load; and the queue is empty for moments, also under load.
  worker: {
    up: { settleSeconds: 30, pods: 1, everySeconds: 30 },
    down: { settleSeconds: 300, pods: 1, everySeconds: 60 },
  },
} as const satisfies Record<string, Paces>;
