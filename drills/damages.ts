/** Damage to data, by people or by attackers, and how it is mended from a copy of the time before. All in a drill's own schema. */
export interface Damage {
  /** One line for --help. */
  readonly summary: string;
  /** What is done to table `rows` of the schema. */
  readonly damage: (schema: string) => string;
  /** How the live table gets its rows back from table `rows` of the schema `copy`; rows of after the damage stay. */
  readonly mend: (schema: string, copy: string) => string;
}

/** Rows that the copy has take the place of the live ones; all others stay. */
const merge = (schema: string, copy: string) =>
  `insert into ${schema}.rows (n, payload, hash) select n, payload, hash from ${copy}.rows
     on conflict (n) do update set payload = excluded.payload, hash = excluded.hash`;

export const DAMAGES: Readonly<Record<string, Damage>> = {
  pitr: {
    summary:
      "a table of the drill's own is dropped and comes back from the second before (--target: only a restore to then)",
    damage: (schema) => `drop table ${schema}.rows`,
    mend: (schema, copy) =>
      `create table ${schema}.rows (like ${copy}.rows including all); alter table ${schema}.rows owner to media; ${merge(schema, copy)}`,
  },
  "rows-deleted": {
    summary: "rows of a table of the drill's own are deleted and come back; rows written later stay",
    damage: (schema) => `delete from ${schema}.rows where n % 2 = 0`,
    mend: merge,
  },
  "data-encrypted": {
    summary: "an attacker overwrites a table of the drill's own; it comes back from before, rows written later stay",
    damage: (schema) => `update ${schema}.rows set payload = encode(sha256(convert_to(payload, 'UTF8')), 'hex')`,
    mend: merge,
  },
  "bad-migration": {
    summary: "a migration drops a column of a table of the drill's own; the column comes back with its values",
    damage: (schema) => `alter table ${schema}.rows drop column payload`,
    mend: (schema, copy) =>
      `alter table ${schema}.rows add column payload text; update ${schema}.rows set payload = '' where payload is null; ${merge(schema, copy)}`,
  },
};
