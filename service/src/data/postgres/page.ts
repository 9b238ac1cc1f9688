import { Problem } from "../../errors/problem.ts";

/** A place in a list that is ordered by time and id, newest first. */
export interface Place {
  /** With PostgreSQL's microseconds, which a JavaScript Date would lose. */
  at: string;
  id: string;
}

export interface Page<T> {
  items: T[];
  /** Leads to the next page; null on the last. */
  nextCursor: string | null;
}

/** As PostgreSQL writes a time, in the years and offsets that it can read again. */
const AT = /^(?!0000)(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,6})?[+-](0\d|1[0-4])(:[0-5]\d)?$/;
/** A UUID, or the fingerprint of an error. */
const ID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/;

export function parseCursor(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [at = "", id = ""] = Buffer.from(cursor, "base64url").toString().split("|");
  if (isTime(at) && ID.test(id)) return { at, id };
  const errors = [{ in: "query", path: "/cursor", message: "is not one that this API gave out" }];
  throw new Problem("validation-failed", { extensions: { errors } });
}

/** Whether there is such a day and time: PostgreSQL fails at the 30th of February, JavaScript makes another day of it. */
function isTime(at: string): boolean {
  const [, day, time] = AT.exec(at) ?? [];
  const read = new Date(`${day}T${time}Z`);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(`${day}T${time}`);
}

/** Makes a page of rows of which one more than `limit` was asked for. */
export function toPage<R extends Place, T>(rows: R[], limit: number, present: (row: R) => T): Page<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(present),
    nextCursor: last ? Buffer.from(`${last.at}|${last.id}`).toString("base64url") : null,
  };
}

/** Rows in the order in which they changed, and where to go on; undefined behind the last. */
export interface Changes<T> {
  items: T[];
  next: Place | undefined;
}

export function toChanges<R extends Place, T>(rows: R[], limit: number, present: (row: R) => T): Changes<T> {
  return { items: rows.map(present), next: rows.length === limit ? rows.at(-1) : undefined };
}

/** Before everything that is dated then or later. */
export function placeAt(date: Date): Place {
  return { at: date.toISOString(), id: "00000000-0000-0000-0000-000000000000" };
}
