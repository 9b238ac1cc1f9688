import { randomUUID } from "node:crypto";
import { sql } from "../verify/postgres.ts";
import type { Stack } from "./stack.ts";

const PREFIX = "drill_";

/** A schema of a drill's own in the stack's database: no user's data is in it. The application's role owns it. */
export interface DrillSchema {
  readonly name: string;
  drop(): Promise<void>;
}

export async function createSchema(stack: Stack): Promise<DrillSchema> {
  const name = `${PREFIX}${randomUUID().slice(0, 8)}`;
  await sql(stack, "primary", `create schema ${name} authorization media`);
  return { name, drop: () => dropSchemas(stack, `${name}%`) };
}

/** Drops every schema that a drill has made, also those of drills that were cut off. */
export async function dropSchemas(stack: Stack, like = `${PREFIX}%`): Promise<void> {
  const pattern = like.replaceAll("_", "\\_");
  await sql(
    stack,
    "primary",
    `set client_min_messages = error; do $$ declare name text; begin
       for name in select nspname from pg_namespace where nspname like '${pattern}' loop
         execute format('drop schema %I cascade', name); end loop; end $$`,
  );
}
