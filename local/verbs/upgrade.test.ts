import { expect, test } from "@jest/globals";
import { stepOf } from "./upgrade.plan.ts";

test.each([
  ["1.34.4", "1.34.4", "none"],
  ["1.34.4", "1.34.9", "upgrade"],
  ["1.34.9", "1.35.0", "upgrade"],
])("from %s to %s: %s", (from, to, kind) => {
  expect(stepOf(from, to)).toEqual({ kind, from, to });
});

test.each([
  ["an older patch", "1.34.4", "1.34.3", /which is older/],
  ["an older minor version", "1.35.0", "1.34.9", /which is older/],
  ["two minor versions", "1.34.4", "1.36.0", /more than one minor version/],
  ["another major version", "1.34.4", "2.0.0", /more than one minor version/],
  ["no version", "unknown", "1.34.4", /"unknown" is no version/],
])("%s is refused", (_name, from, to, message) => {
  expect(() => stepOf(from, to)).toThrow(message);
});
