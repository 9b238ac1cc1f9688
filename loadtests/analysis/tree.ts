import type { Kind } from "./kinds.ts";

/** A figure of resources/tiers.ts: "tier/name". */
export type FigureName = `${string}/${string}`;

/** One thing that can be measured in a run. It holds where the figure is at least so high for a quarter of the run. */
export interface Test {
  readonly figure: FigureName;
  readonly atLeast: number;
  /** Measure the figure as a share of this one: all series of both added up. @default the figure itself, its highest series */
  readonly shareOf?: FigureName;
}

/** A question of the tree. */
export interface Question {
  readonly ask: string;
  /** Answered yes where all of these hold. */
  readonly when: readonly Test[] | "objectives missed" | "generator limited";
  readonly yes: Next;
  readonly no: Next;
}

/** Where an answer leads: to another question, to a cause, or to the end without one. */
export type Next = Question | { readonly cause: Kind } | { readonly none: string };

const REQUESTS: FigureName = "api/requests at work, mean";

const shareOfRequests = (figure: FigureName, atLeast: number): Test => ({ figure, atLeast, shareOf: REQUESTS });

/** Asked one after the other until one is answered yes. */
function chain(questions: readonly Omit<Question, "no">[], last: Next): Next {
  return questions.reduceRight<Next>((no, question) => ({ ...question, no }), last);
}

/** The process had the CPU that it wanted, or had to wait for it. */
const busyLoop: Next = {
  ask: "Did a process get most of a core?",
  when: [{ figure: "api/CPU", atLeast: 0.6 }],
  yes: { cause: "event loop" },
  no: {
    ask: "Was the machine's CPU in use?",
    when: [{ figure: "node/CPU in use", atLeast: 0.9 }],
    yes: { cause: "CPU" },
    no: { cause: "event loop" },
  },
};

const manyRows: Test = { figure: "postgres/rows read by sequential scans", atLeast: 50_000 };
const busyDisk: Test = { figure: "node/disk at work", atLeast: 0.9 };

/** Statements take long: do they read too much, or wait for a disk? */
const statements: Next = chain(
  [
    { ask: "Are many rows read without an index?", when: [manyRows], yes: { cause: "missing index" } },
    { ask: "Is a disk at work nearly all the time?", when: [busyDisk], yes: { cause: "disk" } },
  ],
  { cause: "slow statements" },
);

/** Connections are waited for: are they too few, or are they held too long? */
const connections: Next = chain(
  [
    {
      ask: "Do sessions of PostgreSQL wait for locks?",
      when: [{ figure: "postgres/sessions that wait for a lock", atLeast: 1 }],
      yes: { cause: "locks" },
    },
    {
      // Slow statements also fill PgBouncer's pool: what makes them slow is asked before.
      ask: "Do statements take long, and read many rows without an index?",
      when: [manyRows, { figure: "api/a statement, 99th percentile", atLeast: 0.25 }],
      yes: { cause: "missing index" },
    },
    {
      ask: "Do statements take long, with a disk at work nearly all the time?",
      when: [busyDisk, { figure: "api/a statement, 99th percentile", atLeast: 0.25 }],
      yes: { cause: "disk" },
    },
    {
      ask: "Do PgBouncer's clients wait, with all its server connections in use?",
      when: [
        { figure: "pgbouncer/clients that wait, mean", atLeast: 0.5 },
        { figure: "pgbouncer/server connections in use", atLeast: 0.95 },
      ],
      yes: { cause: "pooler too small" },
    },
    {
      // With too few connections few statements run at once, however long one of a hundred takes.
      ask: "Do statements themselves take long, and a fifth of all time?",
      when: [
        shareOfRequests("api/waiting for statements, mean", 0.2),
        { figure: "api/a statement, 99th percentile", atLeast: 0.5 },
      ],
      yes: { cause: "slow statements" },
    },
  ],
  { cause: "pool too small" },
);

/** From what a request waits for, which is specific, to what all of them share. */
export const TREE: Next = {
  ask: "Was the generator the limit?",
  when: "generator limited",
  yes: { none: "the generator was the limit: the run says nothing about the stack" },
  no: {
    ask: "Were objectives missed?",
    when: "objectives missed",
    no: { none: "every objective was met" },
    yes: chain(
      [
        {
          ask: "Were pods throttled by a CPU limit?",
          when: [{ figure: "api/throttled share of CPU periods", atLeast: 0.25 }],
          yes: { cause: "throttling" },
        },
        {
          ask: "Is garbage collected for more than a fifth of the time?",
          when: [{ figure: "api/garbage collection", atLeast: 0.2 }],
          yes: { cause: "garbage collection" },
        },
        {
          ask: "Is a pod's memory at its limit?",
          when: [{ figure: "api/memory of its limit", atLeast: 0.95 }],
          yes: { cause: "memory" },
        },
        {
          // Each wait of such a process looks longer than it was, because its end is noticed late: asked before the waits.
          ask: "Is an event loop at work all the time?",
          when: [{ figure: "api/event loop at work", atLeast: 0.95 }],
          yes: busyLoop,
        },
        {
          ask: "Do requests spend a quarter of their time waiting for a database connection?",
          when: [
            shareOfRequests("api/waiting for a database connection, mean", 0.25),
            { figure: "api/wait for a database connection, 99th percentile", atLeast: 0.02 },
          ],
          yes: connections,
        },
        {
          ask: "Do sessions of PostgreSQL wait for locks?",
          when: [
            { figure: "postgres/sessions that wait for a lock", atLeast: 1 },
            shareOfRequests("api/waiting for statements, mean", 0.4),
          ],
          yes: { cause: "locks" },
        },
        {
          ask: "Do requests spend two fifths of their time in statements, and do these take long?",
          when: [
            shareOfRequests("api/waiting for statements, mean", 0.4),
            { figure: "api/a statement, 99th percentile", atLeast: 0.25 },
          ],
          yes: statements,
        },
        {
          ask: "Does the cache throw entries out, and find less than half of what is asked for?",
          when: [
            { figure: "redis-cache/evicted keys", atLeast: 1 },
            { figure: "redis-cache/look-ups that found nothing", atLeast: 0.5 },
          ],
          yes: { cause: "cache too small" },
        },
        {
          ask: "Do requests spend two fifths of their time at upstreams?",
          when: [
            shareOfRequests("api/waiting for upstreams, mean", 0.4),
            { figure: "api/an upstream's answer, 95th percentile", atLeast: 0.25 },
          ],
          yes: { cause: "slow upstream" },
        },
        {
          ask: "Has a job been due for a minute?",
          when: [{ figure: "worker/age of the oldest job due", atLeast: 60 }],
          yes: { cause: "queue" },
        },
        {
          ask: "Is an event loop at work nearly all the time?",
          when: [{ figure: "api/event loop at work", atLeast: 0.85 }],
          yes: busyLoop,
        },
        {
          ask: "Is the machine's CPU in use?",
          when: [{ figure: "node/CPU in use", atLeast: 0.9 }],
          yes: { cause: "CPU" },
        },
        {
          ask: "Is a disk at work nearly all the time?",
          when: [busyDisk],
          yes: { cause: "disk" },
        },
        {
          ask: "Are packets of a pod dropped?",
          when: [{ figure: "network/dropped packets", atLeast: 1 }],
          yes: { cause: "network" },
        },
      ],
      { none: "no figure of the stack explains it" },
    ),
  },
};
