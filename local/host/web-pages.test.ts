import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPO } from "../lib/paths.ts";
import { NO_PAGE, PAGES } from "./web-pages.ts";

/** Routes of the front end as patterns: a folder in brackets takes any one part. */
const routes = readdirSync(join(REPO, "web/src/app"), { recursive: true })
  .map(String)
  .filter((file) => /(^|\/)page\.tsx$/.test(file))
  .map((file) => new RegExp(`^/${file.replace(/\/?page\.tsx$/, "").replace(/\[[^\]]+\]/g, "[^/]+")}$`));

test("each page of the front end is visited, once", () => {
  expect(routes).toHaveLength(PAGES.length);
  for (const route of routes) expect(PAGES.filter((path) => route.test(path))).toHaveLength(1);
});

test("the control: the address without a page fits none", () => {
  expect(routes.filter((route) => route.test(NO_PAGE))).toEqual([]);
});
