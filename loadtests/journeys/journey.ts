import type { OperationId } from "@media/service/contract";

/** Where a value of a request comes from. */
export type Value =
  /** Always the same. */
  | string
  | number
  /** One of these, each as likely. */
  | { readonly oneOf: readonly (string | number)[] }
  /** A whole number from the first to the second. */
  | { readonly between: readonly [number, number] }
  /** The id of a title that no session before it asked for. */
  | { readonly fresh: "tmdbId" }
  /** What an earlier step of the session saved under this name. */
  | { readonly saved: string };

/** One request of a session. */
export interface Step {
  /** Under which it is reported; short, unique in all journeys. */
  readonly name: string;
  /** Operation of the API's contract, which says method, path and who may call. */
  readonly operation: OperationId;
  /** Share of the sessions that do this step, 0 to 1. @default 1 */
  readonly share?: number;
  readonly params?: Readonly<Record<string, Value>>;
  readonly query?: Readonly<Record<string, Value>>;
  readonly body?: Readonly<Record<string, Value>>;
  /** A browser opens the answer as a page, with all that it loads; other tools send the request alone. @default false */
  readonly page?: boolean;
  /** Status of a good answer. @default 200 */
  readonly status?: number;
  /** Members of the answer to keep for later steps: name under which it is kept → member. */
  readonly save?: Readonly<Record<string, string>>;
  /** Seconds that a person thinks after this step, from the first to the second. @default [0.5, 2] */
  readonly thinkSeconds?: readonly [number, number];
}

/** What one kind of people does, from the first request to the last. */
export interface Journey {
  readonly name: string;
  /** What they are after, in a sentence. */
  readonly about: string;
  /** How many of all sessions are of this journey, in relation to the others. */
  readonly weight: number;
  readonly steps: readonly Step[];
}
