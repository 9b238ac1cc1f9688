import { createLatestLsn, isLsn, laterLsn } from "./lsn.ts";

test.each([
  // As text each of these is the other way round.
  ["0/9FFFFFF", "0/A000000"],
  ["9/0", "10/0"],
  ["0/FFFFFFFF", "1/0"],
  ["FF/1", "FF/00000002"],
  ["", "0/1"],
  [null, "0/1"],
  [undefined, "0/1"],
  ["nonsense", "0/1"],
])("%s is before %s", (earlier, later) => {
  expect(laterLsn(earlier, later)).toBe(later);
  expect(laterLsn(later, earlier)).toBe(later);
});

test("of two that are none, one is none", () => {
  expect(laterLsn(null, undefined)).toBeNull();
});

test("what is no LSN is not taken for one: it would get into SQL", () => {
  expect(["0/0", "AB/12CD34EF"].every(isLsn)).toBe(true);
  for (const text of ["", "0", "0/g", "0/a", "123456789/0", "0/0'", "0/0\n", " 0/0"]) expect(isLsn(text)).toBe(false);
});

test("answers that come late do not take back the latest LSN", () => {
  const latest = createLatestLsn();
  expect(latest.lsn()).toBeUndefined();
  for (const lsn of ["0/9F", "0/A0", "0/100", "0/FF", ""]) latest.note(lsn);
  expect(latest.lsn()).toBe("0/100");
});

test("a database that was restored, and begins lower, is believed after a minute", () => {
  let now = 0;
  const latest = createLatestLsn(() => now);
  latest.note("5/0");
  now = 59_000;
  latest.note("1/0");
  expect(latest.lsn()).toBe("5/0");
  now = 61_000;
  latest.note("1/1");
  expect(latest.lsn()).toBe("1/1");
});
