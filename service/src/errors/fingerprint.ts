import { createHash } from "node:crypto";
import { CATALOGUE, type ProblemCode } from "./catalogue.ts";
import type { Entry } from "./kinds.ts";
import { normaliseMessage, normaliseStack, storable } from "./normalise.ts";
import type { Problem } from "./problem.ts";

/** What all occurrences of one error have in common. There is no data in it. */
export interface ErrorGroup {
  /** 32 hexadecimal digits. */
  fingerprint: string;
  class: Entry["class"];
  code: ProblemCode;
  /** Kinds and messages from the error that was answered to the one that caused it. */
  summary: string;
  /** Where a bug came from; empty for what is not one. */
  frames: string[];
}

const MAX_CAUSES = 4;
const MAX_KNOWN = 500;

/**
 * Groups a mistake of the caller's by its code, the failure of a dependency by what it says, and a bug besides by
 * the functions it came through.
 */
export function createFingerprinter(): (problem: Problem) => ErrorGroup {
  // What is not a bug is hashed once: while a dependency is away, one error comes thousands of times.
  const known = new Map<string, ErrorGroup>();
  return (problem) => {
    if (problem.code === "internal") return groupOf(problem, causesOf(problem), framesOf(problem));
    const causes = CATALOGUE[problem.code].class === "system" ? [...whoseOf(problem), ...causesOf(problem)] : [];
    const key = JSON.stringify([problem.code, causes]);
    const group = known.get(key) ?? groupOf(problem, causes, []);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, group);
    return group;
  };
}

function groupOf({ code }: Problem, said: string[], cameThrough: string[]): ErrorGroup {
  const [causes, frames] = [said.map(storable), cameThrough.map(storable)];
  const { class: kind, title } = CATALOGUE[code];
  const identity = JSON.stringify([kind, code, causes, frames]);
  const fingerprint = createHash("sha256").update(identity).digest("hex").slice(0, 32);
  return { fingerprint, class: kind, code, summary: causes.join(", caused by ") || title, frames };
}

/** The dependency that a problem is about; the name comes from the table of policies or of clients. */
function whoseOf({ extensions: { dependency, service } }: Problem): string[] {
  return [dependency, service].filter((name) => typeof name === "string");
}

function causesOf(problem: Problem): string[] {
  return chainOf(problem.cause).map((error) => {
    const { name, code, message } = error as Error & { code?: unknown };
    const kind = error.constructor?.name || name || "Error";
    const said = typeof message === "string" ? normaliseMessage(message) : "";
    return `${kind}${typeof code === "string" ? ` ${code}` : ""}: ${said}`;
  });
}

/** The innermost error that knows where it came from. */
function framesOf(problem: Problem): string[] {
  const frames = chainOf(problem.cause)
    .reverse()
    .map(({ stack }) => normaliseStack(stack));
  return frames.find((some) => some.length > 0) ?? [];
}

/** From the outermost error to its causes. An AggregateError is as its first; what is no Error is its kind only. */
function chainOf(thrown: unknown): Error[] {
  const chain: Error[] = [];
  let error = thrown;
  while (error !== undefined && error !== null && chain.length < MAX_CAUSES) {
    if (!(error instanceof Error)) return [...chain, new NotAnError(typeof error)];
    chain.push(error);
    error = error instanceof AggregateError ? error.errors[0] : error.cause;
  }
  return chain;
}

/** Something else was thrown: a string may hold anything, so only its type is kept. */
class NotAnError extends Error {
  override stack = "";
}
