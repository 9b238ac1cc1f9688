import { expect, test } from "@jest/globals";
import { templateOf } from "../src/lib/pages.ts";

test.each([
  ["/", "/"],
  ["/login", "/login"],
  ["/titles/movie/603", "/titles/{mediaType}/{tmdbId}"],
  ["/titles/movie/603/x", "other"],
  ["/titles/<script>/1", "other"],
  ["/status", "other"],
  ["/requests/3f2c", "other"],
])("%s is counted as %s", (path, template) => {
  expect(templateOf(path)).toBe(template);
});
