import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { REPO } from "../lib/paths.ts";

interface Locked {
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** Packages whose package.json names no licence, and the one that their LICENSE file is. */
const NAMED_IN_A_FILE = { "xmlhttprequest-ssl": "MIT", "qrcode-terminal": "Apache-2.0" };
/** Licences that would reach a program of ours into which such a package is loaded. LGPL ends at the library's border. */
const STRONG = /(^|[^L])A?GPL|SSPL|BUSL|Elastic/;

const nameOf = (path: string) => path.replace(/^.*node_modules\//, "");

/** Packages that our programs load, and that decision 0032 does not allow. */
function refused(packages: Readonly<Record<string, Locked>>): string[] {
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path.includes("node_modules/") && !dev && !link)
    .map(
      ([path, { license }]) =>
        [nameOf(path), license ?? (NAMED_IN_A_FILE as Record<string, string>)[nameOf(path)]] as const,
    )
    .filter(([, license]) => license === undefined || STRONG.test(license))
    .map(([name, license]) => `${name}: ${license ?? "no licence"}`);
}

test.each(["package-lock.json", "web/package-lock.json"])("no package of %s asks for our sources", (file) => {
  const { packages } = JSON.parse(readFileSync(join(REPO, file), "utf8"));
  expect(Object.keys(packages).length).toBeGreaterThan(50);
  expect(refused(packages)).toEqual([]);
});

test.each([
  ["AGPL-3.0-only", true],
  ["GPL-2.0", true],
  ["(MIT OR GPL-3.0)", true],
  ["SSPL-1.0", true],
  [undefined, true],
  ["LGPL-3.0-or-later", false],
  ["MPL-2.0", false],
])("negative control: a package under %s is refused: %s", (license, is) => {
  expect(refused({ "node_modules/x": license ? { license } : {} }).length > 0).toBe(is);
  expect(refused({ "node_modules/x": { dev: true } })).toEqual([]);
});
