import { z } from "zod";
import type { ProblemCode } from "../../errors/catalogue.ts";
import type { Permission } from "../../model/roles.ts";
import type { Caching } from "./caching.ts";

/** One operation of the API. Routes, checks of what comes in, and the OpenAPI document are all made from it. */
export interface Operation {
  method: "get" | "post";
  /** As OpenAPI writes it: `/requests/{id}`. */
  path: string;
  tag: string;
  summary: string;
  /**
   * `visitor`: every caller, counted by address. `beacon`: the same with a count of its own. `webhook`: callers who sign the body.
   * `public`: every caller, without a limit.
   */
  access: "public" | "visitor" | "beacon" | "webhook" | "user";
  /** What the user must be allowed besides. */
  needs?: Permission;
  /** A path that does not fit is a path that does not exist. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  /** Content types under which the body may come; it is JSON in any case. @default application/json */
  bodyTypes?: readonly string[];
  /** Members of the body that may be anything, and are kept as they came: as JSON, not as text. */
  verbatim?: readonly string[];
  /** Which caches may keep the answer. By default only the caller's, which revalidates each time; a POST's answer is not kept. */
  caching?: Caching;
  answers: Record<number, { description: string; schema?: z.ZodType; type?: string }>;
  /** Besides those that its access, body and method bring with them. */
  problems?: readonly ProblemCode[];
}

export const JSON_ONLY = ["application/json"] as const;

export const operation = <const O extends Operation>(it: O) => it;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const id = z.string().regex(UUID).meta({ description: "A UUID in lower case." });
export const byId = z.strictObject({ id });

/** The part of a query that every list has. */
export const paging = {
  limit: z
    .string()
    .regex(/^([1-9]|[1-9]\d|100)$/, "must be a whole number from 1 to 100")
    .default("20")
    .transform(Number),
  cursor: z.string().max(200).optional().meta({ description: "`nextCursor` of the page before." }),
};

/** Of lists that show all users' things to callers who may read them. */
export const owner = z
  .literal("me")
  .optional()
  .meta({ description: "Only one's own, for callers who may read all users' too." });

export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}
