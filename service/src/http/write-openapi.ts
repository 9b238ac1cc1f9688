import { readFileSync, writeFileSync } from "node:fs";
import { openapi } from "./openapi.ts";

/** Writes the API's OpenAPI document into the file named: `node service/src/http/write-openapi.ts web/openapi.json`. */
const [file] = process.argv.slice(2);
if (!file) throw new Error("name the file to write, for instance web/openapi.json");
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
writeFileSync(file, `${JSON.stringify(openapi(version), null, 2)}\n`);
