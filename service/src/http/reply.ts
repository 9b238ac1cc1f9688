import type { StoredReply } from "../data/repositories/idempotency.ts";

/** What an operation answers. Text, not bytes: Node.js sends head and text in one write, head and bytes in two. */
export type Reply = StoredReply;

type Headers = Record<string, string>;

export function json(status: number, body: unknown, headers: Headers = {}): Reply {
  const type = { "Content-Type": "application/json; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

/** RFC 7234's word for it. */
const STALE = '110 - "Response is Stale"';

/** Headers of a stale copy, with the seconds since it was last compared with its source; none for a fresh answer. */
export function staleHeaders(ageSeconds: number | undefined): Headers {
  return ageSeconds === undefined ? {} : { Warning: STALE, Age: String(ageSeconds), "Cache-Control": "no-store" };
}

export function html(body: string, headers: Headers = {}): Reply {
  return { status: 200, headers: { "Content-Type": "text/html; charset=utf-8", ...headers }, body };
}

/** It will be done after the answer. */
export function accepted(): Reply {
  return { status: 202, headers: {}, body: "" };
}

export function empty(headers: Headers = {}): Reply {
  return { status: 204, headers, body: "" };
}
