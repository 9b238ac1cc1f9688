import { CLIENT_ERRORS } from "./client-errors.ts";
import { SYSTEM_ERRORS } from "./system-errors.ts";

/** Every error a caller can get. The codes are part of the API: they are added to, never renamed. */
export const CATALOGUE = { ...CLIENT_ERRORS, ...SYSTEM_ERRORS };

export type ProblemCode = keyof typeof CATALOGUE;

/** What only the gateway in front of the service says. */
export const OF_GATEWAY = [
  "uri-too-long",
  "service-bad-answer",
  "service-unavailable",
  "service-timeout",
] as const satisfies readonly ProblemCode[];

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(CATALOGUE, code);
}
