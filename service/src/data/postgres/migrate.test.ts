import { pendingMigrations, readMigrations } from "./migrate.ts";

const file = (name: string, checksum: string) => ({ name, checksum, sql: "" });

test("what was applied is left out, and what was edited since is an error", () => {
  const files = [file("001-a.sql", "x"), file("002-b.sql", "y")];
  expect(pendingMigrations(files, new Map([["001-a.sql", "x"]]))).toEqual([files[1]]);
  expect(() => pendingMigrations(files, new Map([["001-a.sql", "other"]]))).toThrow(/001-a.sql/);
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
