import { readFileSync } from "node:fs";
import { openapi } from "../src/http/openapi.ts";

/** The web front end makes its types from this file, in an image build that does not see the service. */
const FILE = new URL("../../web/openapi.json", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const written = JSON.parse(readFileSync(FILE, "utf8"));

test("web/openapi.json is the API's document of today; `node service/src/http/write-openapi.ts web/openapi.json` writes it", () => {
  expect(written).toEqual(JSON.parse(JSON.stringify(openapi(version))));
});

test("the control: another version is another document", () => {
  expect(written).not.toEqual(JSON.parse(JSON.stringify(openapi("0.0.0"))));
});
