/** A condition with a `?` per value; one whose value is undefined is left out. */
export type Condition = [sql: string, value: unknown];

/** Makes a WHERE clause with numbered parameters; an empty one where no condition is given. */
export function conditions(all: Condition[]): { where: string; values: unknown[] } {
  const given = all.filter(([, value]) => value !== undefined);
  let n = 0;
  const clauses = given.map(([sql]) => sql.replaceAll("?", () => `$${++n}`));
  return {
    where: clauses.length > 0 ? `WHERE ${clauses.join(" AND ")}` : "",
    values: given.flatMap(([, value]) => value),
  };
}
