import type { components } from "../../generated/contract.ts";

export type Problem = components["schemas"]["Problem"];

/** An error of the API, as a person reads it: what happened, what to do, and the id under which it can be found. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly requestId: string;
  /** Seconds after which a repeat can succeed; undefined where a repeat does not help. */
  readonly retryAfter: number | undefined;

  constructor(problem: Partial<Problem> & { title: string; status: number }, retryAfter?: number) {
    super(problem.title);
    this.status = problem.status;
    this.code = problem.code ?? "unknown";
    this.hint = problem.hint ?? "";
    this.requestId = problem.requestId ?? "";
    this.retryAfter = retryAfter;
  }
}

/** Reads a failed response. One that is no problem document becomes a plain error with its status. */
export async function errorOf(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get("retry-after"));
  const retryAfter = wait > 0 ? wait : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === "object" && body !== null && "title" in body && typeof body.title === "string") {
    return new ApiError({ ...(body as Problem), status: response.status }, retryAfter);
  }
  return new ApiError(
    { title: `The service answered with status ${response.status}`, status: response.status },
    retryAfter,
  );
}

/** Without an answer: the network or the gateway is away. */
export const offline = () =>
  new ApiError({
    title: "The service cannot be reached",
    status: 0,
    hint: "Check the connection; the page tries again.",
  });
