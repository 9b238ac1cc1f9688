import { expect, test } from "@jest/globals";
import { BUDGETS_KB, overBudget, scriptsOf } from "../budget.ts";

const HTML = `<script src="/_next/static/a.js?x=1" nonce="n" async=""></script><script src="/_next/static/b.js"></script>
<script src="/_next/static/a.js"></script><script>inline()</script><script src="/_next/static/old.js" noModule=""></script>`;

test("each script of a page counts once; those for old browsers and inline ones do not", () => {
  expect(scriptsOf(HTML)).toEqual(["/_next/static/a.js", "/_next/static/b.js"]);
});

test("a page within its budget passes", () => {
  expect(overBudget({ "/": 120_000 }, { "/": 120 })).toEqual([]);
});

test.each([
  ["one byte too many", { "/": 120_001 }, "/: 120.0 KB of JavaScript, 120 are allowed"],
  [
    "a page without scripts, which would hide everything",
    { "/": 0 },
    "/: no script was found, so that nothing was measured",
  ],
  ["a page that was not measured", {}, "/: no script was found, so that nothing was measured"],
])("%s fails", (_name, sizes: Record<string, number>, problem) => {
  expect(overBudget(sizes, { "/": 120 })).toEqual([problem]);
});

test("no page may have more than 120 KB", () => {
  expect(Math.max(...Object.values(BUDGETS_KB))).toBeLessThanOrEqual(120);
});
