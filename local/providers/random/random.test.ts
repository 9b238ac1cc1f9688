import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Props, UNKNOWN, unwrapMap } from "../values.ts";
import { changedInputs, randomPlugin } from "./plugin.ts";
import { randomText, TEXT_DEFAULTS } from "./text.ts";

const PASSWORD = "urn:pulumi:dev::p::media:data:Postgres$random:index/randomPassword:RandomPassword::x";
const BYTES = "urn:pulumi:dev::p::random:index/randomBytes:RandomBytes::x";
const PET = "urn:pulumi:dev::p::random:index/randomPet:RandomPet::x";
const check = (urn: string, news: Props) => randomPlugin.check?.(urn, {}, news);
const create = async (urn: string, inputs: Props) => (await randomPlugin.create?.(urn, inputs))?.outs as Props;

const options = fc
  .record({
    upper: fc.boolean(),
    lower: fc.boolean(),
    numeric: fc.boolean(),
    special: fc.constant(true),
    minUpper: fc.nat(4),
    minLower: fc.nat(4),
    minNumeric: fc.nat(4),
    minSpecial: fc.nat(4),
    overrideSpecial: fc.constantFrom("", "-_", "€"),
    extra: fc.nat(20),
  })
  .map(({ extra, ...rest }) => ({
    ...rest,
    length: 1 + extra + rest.minUpper + rest.minLower + rest.minNumeric + rest.minSpecial,
  }));

test("a text has its length and at least the characters asked for, and none of a class that is off", () => {
  fc.assert(
    fc.property(options, (wanted) => {
      const characters = [...randomText(wanted)];
      const count = (pattern: RegExp) => characters.filter((character) => pattern.test(character)).length;
      expect(characters).toHaveLength(wanted.length);
      const classes: [RegExp, number, boolean][] = [
        [/[A-Z]/, wanted.minUpper, wanted.upper],
        [/[a-z]/, wanted.minLower, wanted.lower],
        [/[0-9]/, wanted.minNumeric, wanted.numeric],
        [/[^A-Za-z0-9]/, wanted.minSpecial, wanted.special],
      ];
      for (const [pattern, min, on] of classes) {
        if (on) expect(count(pattern)).toBeGreaterThanOrEqual(min);
        else expect(count(pattern)).toBe(min);
      }
    }),
  );
});

describe("values", () => {
  test("a password and its bcrypt hash are marked secret, beside the options in the official plugin's form", async () => {
    const outs = await create(PASSWORD, { length: 20, special: false });
    expect(Object.keys(outs.result as Props)).toHaveLength(2);
    expect(outs).toMatchObject({ length: 20, special: false, upper: true, numeric: true, number: true, minLower: 0 });
    expect(unwrapMap(outs)).toMatchObject({
      result: expect.stringMatching(/^[A-Za-z0-9]{20}$/),
      bcryptHash: expect.stringMatching(/^\$2[ab]\$10\$/),
    });
  });

  test("both forms of random bytes are of the same bytes, and new each time", async () => {
    const [a, b] = await Promise.all([1, 2].map(async () => unwrapMap(await create(BYTES, { length: 32 }))));
    expect(Buffer.from(String(a?.base64), "base64").toString("hex")).toBe(a?.hex);
    expect(String(a?.hex)).toHaveLength(64);
    expect(a?.hex).not.toBe(b?.hex);
  });
});

test.each([
  ["nothing", { length: 8, result: "x", upper: true, number: true }, { length: 8 }, []],
  ["the length", { length: 8 }, { length: 9 }, ["length"]],
  ["a default written out", { length: 8 }, { length: 8, upper: true }, []],
  ["an option taken back", { length: 8, special: false }, { length: 8 }, ["special"]],
  ["keepers", { length: 8, keepers: { a: "1" } }, { length: 8, keepers: { a: "2" } }, ["keepers"]],
  ["an unknown keeper", { length: 8, keepers: { a: "1" } }, { length: 8, keepers: UNKNOWN }, ["keepers"]],
])("a diff of %s", (_, olds, news, expected) => {
  expect(changedInputs(olds, news, TEXT_DEFAULTS)).toEqual(expected);
});

test.each([
  [PASSWORD, {}, "length must be"],
  [PASSWORD, { length: 2, minUpper: 3 }, "length (2) must be at least"],
  [PASSWORD, { length: 4, upper: false, lower: false, numeric: false, special: false }, "must be true"],
  [PASSWORD, { length: 4, number: false }, "write numeric"],
  [BYTES, { length: 0 }, "at least 1"],
  [PET, {}, "RandomPet is not supported by this random plugin, which has RandomPassword and RandomBytes"],
])("%s %j is refused: %s", async (urn, news, expected) => {
  expect((await check(urn, news))?.failures?.[0]?.reason).toContain(expected);
});

test("negative controls: what can be met, or is not known yet, passes", async () => {
  expect(await check(PASSWORD, { length: 4 })).toEqual({ inputs: { length: 4 }, failures: [] });
  expect((await check(PASSWORD, { length: UNKNOWN }))?.failures).toEqual([]);
});
