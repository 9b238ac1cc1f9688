import { concurrentIndex } from "./apply-migration.ts";
import { pendingMigrations, readMigrations } from "./migrate.ts";

const file = (name: string, checksum: string) => ({ name, checksum, sql: "" });

test("what was applied is left out, and what was edited since is an error", () => {
  const files = [file("001-a.sql", "x"), file("002-b.sql", "y")];
  expect(pendingMigrations(files, new Map([["001-a.sql", "x"]]))).toEqual([files[1]]);
  expect(() => pendingMigrations(files, new Map([["001-a.sql", "other"]]))).toThrow(/001-a.sql/);
});

test.each([
  ["-- A reason; with CONCURRENTLY.\nCREATE INDEX CONCURRENTLY a_b ON a (b);\n", "a_b"],
  ["create unique index concurrently a_b on a (b) where b > 0", "a_b"],
  ["-- CREATE INDEX CONCURRENTLY a_b ON a (b);\nALTER TABLE a ADD COLUMN b int;", undefined],
])("%p builds the index %p", (sql, index) => {
  expect(concurrentIndex({ name: "1.sql", sql, checksum: "" })).toBe(index);
});

test.each([
  "CREATE INDEX CONCURRENTLY ON a (b);",
  "CREATE INDEX CONCURRENTLY a_b ON a (b); SELECT 1;",
  "DROP INDEX CONCURRENTLY a_b;",
])("%p cannot be taken up again after a crash, and is refused", (sql) => {
  expect(() => concurrentIndex({ name: "1.sql", sql, checksum: "" })).toThrow(/1\.sql: with CONCURRENTLY/);
});

test("an older version of the service accepts a database that a newer one migrated", () => {
  expect(
    pendingMigrations(
      [file("001-a.sql", "x")],
      new Map([
        ["001-a.sql", "x"],
        ["002-new.sql", "z"],
      ]),
    ),
  ).toEqual([]);
});

test("the files are numbered without gap or repetition", () => {
  const numbers = readMigrations().map(({ name }) => Number(name.slice(0, 3)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});
