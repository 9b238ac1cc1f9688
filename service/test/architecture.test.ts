import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/**
 * The rooms of `src/`, the lowest first. A room may import rooms of lower ranks only, so there can be no cycle between
 * rooms; rooms of one rank do not import each other. Files directly in `src/` are on top.
 */
const RANKS: readonly (readonly string[])[] = [
  ["model"],
  ["observability"],
  ["errors"],
  ["resilience"],
  ["data", "upstreams"],
  ["domain"],
  ["auth"],
  ["http", "realtime", "doubles"],
  ["responder"],
  ["process"],
  ["processes"],
  ["."],
];

const SERVICE = resolve(import.meta.dirname, "..");
const SRC = join(SERVICE, "src");

interface Source {
  /** Absolute. */
  path: string;
  text: string;
}

/** Static, dynamic and type imports, and exports from elsewhere: all that name a file by its path. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)["'`](\.[^"'`]+)["'`]/g;

function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(IMPORT)].map(([, to = ""]) => resolve(dirname(path), to));
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.split(sep).includes("node_modules"))
    .map((name) => join(folder, name))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

function roomOf(path: string): string {
  const [first = "", ...rest] = relative(SRC, path).split(sep);
  return rest.length > 0 ? first : ".";
}

const rankOf = (room: string) => RANKS.findIndex((rooms) => rooms.includes(room));

/** Imports that do not run down. Tests of a room may import what they need to set it up. */
function upwards(sources: Source[]): string[] {
  return sources
    .filter(({ path }) => !path.endsWith(".test.ts"))
    .flatMap((source) => importsOf(source).map((to) => ({ from: source.path, to })))
    .filter(({ from, to }) => roomOf(from) !== roomOf(to) && rankOf(roomOf(to)) >= rankOf(roomOf(from)))
    .map(({ from, to }) => `${relative(SRC, from)} imports ${relative(SRC, to)}`);
}

/** Imports that leave the package by a path instead of its name. */
function outOfPackage(sources: Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((to) => !to.startsWith(SERVICE + sep))
      .map((to) => `${relative(SERVICE, source.path)} imports ${relative(SERVICE, to)}`),
  );
}

const sources = sourcesIn(SRC);

test("every room has a rank", () => {
  const rooms = new Set(sources.map(({ path }) => roomOf(path)));
  expect([...rooms].filter((room) => rankOf(room) < 0)).toEqual([]);
  expect(rooms.size).toBe(RANKS.flat().length);
});

test("imports between rooms run down", () => {
  expect(upwards(sources)).toEqual([]);
});

test("no import leaves the package by a path", () => {
  // This file holds planted imports.
  const others = sourcesIn(SERVICE).filter(({ path }) => path !== import.meta.filename);
  expect(outOfPackage(others)).toEqual([]);
});

describe("the control: a planted import is found", () => {
  const planted = (path: string, text: string): Source[] => [{ path: join(SERVICE, path), text }];

  test.each([
    ["up", 'import { openApi } from "../../processes/api.ts";'],
    ["up, as a type", 'import type { Handlers } from "../../http/mount.ts";'],
    ["up, over several lines", 'import {\n  may,\n} from\n  "../../auth/tokens.ts";'],
    ["up, when it runs", 'await import("../../http/mount.ts");'],
    ["to a room of the same rank", 'export { createTmdb } from "../../upstreams/tmdb.ts";'],
    ["to the top", 'import "../../main.ts";'],
  ])("that runs %s", (_how, text) => {
    expect(upwards(planted("src/data/redis/x.ts", text))).toHaveLength(1);
  });

  test("and what runs down or stays in its room is not", () => {
    const fine =
      'import { Problem } from "../../errors/problem.ts";\nimport { query } from "../postgres/database.ts";\nimport pg from "pg";';
    expect(upwards(planted("src/data/redis/x.ts", fine))).toEqual([]);
  });

  test("that leaves the package", () => {
    const text = 'import { tiers } from "../../infra/config/tiers.ts";\nimport { x } from "../src/main.ts";';
    expect(outOfPackage(planted("test/x.ts", text))).toEqual(["test/x.ts imports ../infra/config/tiers.ts"]);
  });
});
