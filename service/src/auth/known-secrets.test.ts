import { knows, secretsIn } from "./known-secrets.ts";

test("a file holds one secret, two, one a line, or none", () => {
  expect(secretsIn("the-first\nthe-second\n")).toEqual(["the-first", "the-second"]);
  expect(secretsIn(" alone ")).toEqual(["alone"]);
  expect(secretsIn(undefined)).toEqual([]);
});

test("each of them is known, and nothing else: where there is none, nothing is", () => {
  const both = knows(["the-first", "the-second"]);
  for (const secret of ["the-first", "the-second"]) expect(both(secret)).toBe(true);
  for (const guess of ["", "the-third", "the-first the-second", "the-firs"]) expect(both(guess)).toBe(false);
  expect(knows([])("")).toBe(false);
});
