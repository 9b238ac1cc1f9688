import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { DOCUMENT, insert, pictures } from "./picture.ts";

test("the picture in ARCHITECTURE.md shows the links that the program declares (node docs/picture.ts draws it anew)", async () => {
  const document = readFileSync(DOCUMENT, "utf8");
  const drawn = await pictures();
  expect(drawn).toContain('gateway -- "http" --> api');
  expect(insert(document, drawn)).toBe(document);
  // The same comparison fails on a picture with a link too few.
  expect(insert(document, drawn.replace('  gateway -- "http" --> api\n', ""))).not.toBe(document);
});

test("a document without the marks is refused", () => {
  expect(() => insert("# Title\n", "text")).toThrow("has no <!-- links:begin -->");
});
