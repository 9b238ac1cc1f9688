/** Name of the series that tells how many rows the tables hold. */
export const ROWS = "rows";

export const rowsHeld = {
  name: ROWS,
  unit: "count",
  by: ["relname"],
  query: `max by (relname) (pg_stat_user_tables_n_live_tup{namespace="$ns",relname=~"requests|users|payments"})`,
} as const;
