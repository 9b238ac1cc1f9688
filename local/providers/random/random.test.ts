import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isSecret, type Props, UNKNOWN, unwrapMap } from "../lib/values.ts";
import { diffInputs, RandomProvider } from "./provider.ts";
import { resourceOf } from "./resources.ts";
import { randomText, type TextOptions, textOptions } from "./text.ts";
import { ADJECTIVES, ADVERBS, NAMES } from "./words.ts";

const token = (name: string): string => `random:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
const target = (name: string) => ({ urn: "urn", type: token(name), name: "x" });
const make = async (name: string, inputs: Props) => {
  const { id, outputs } = await resourceOf(token(name)).make(inputs);
  return { id, marked: outputs, outputs: unwrapMap(outputs) };
};

const options: fc.Arbitrary<TextOptions> = fc
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

describe("random text", () => {
  test("has its length and at least the characters asked for, and none of a class that is off", () => {
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

  test("number is the old name of numeric", () => {
    expect([textOptions({ number: false }).numeric, textOptions({ numeric: true, number: false }).numeric]).toEqual([
      false,
      true,
    ]);
  });
});

describe("values", () => {
  test("a password is secret, and its hash is bcrypt's", async () => {
    const { id, marked, outputs } = await make("RandomPassword", { length: 20 });
    expect([id, isSecret(marked.result), isSecret(marked.bcryptHash)]).toEqual(["none", true, true]);
    expect(outputs).toMatchObject({
      result: expect.stringMatching(/^.{20}$/),
      bcryptHash: expect.stringMatching(/^\$2[ab]\$10\$/),
    });
  });

  test("every form of a RandomId is of the same bytes", async () => {
    const { id, outputs } = await make("RandomId", { byteLength: 8, prefix: "p-" });
    const hex = String(outputs.hex).slice(2);
    expect(Buffer.from(id, "base64url").toString("hex")).toBe(hex);
    expect(outputs.dec).toBe(`p-${BigInt(`0x${hex}`)}`);
  });

  test("an integer lies between its bounds, and a seed fixes it", async () => {
    for (let i = 0; i < 50; i++)
      expect([3, 4, 5]).toContain((await make("RandomInteger", { min: 3, max: 5 })).outputs.result);
    const [a, b] = await Promise.all([1, 2].map(() => make("RandomInteger", { min: 0, max: 1_000_000, seed: "s" })));
    expect(a?.outputs).toEqual(b?.outputs);
  });

  test("a shuffle keeps its items, and repeats them only in whole rounds", async () => {
    const { outputs } = await make("RandomShuffle", { inputs: ["a", "b", "c"], resultCount: 7 });
    const results = outputs.results as string[];
    expect([results.slice(0, 3).sort(), results.slice(3, 6).sort(), results.length]).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
      7,
    ]);
  });

  test.each([
    ["RandomUuid", {}, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/],
    ["RandomPet", { length: 3, separator: "_", prefix: "p" }, /^p(_[a-z]+){3}$/],
    ["RandomString", { length: 4, special: false, upper: false }, /^[a-z0-9]{4}$/],
  ])("%s", async (name, inputs, expected) => {
    expect((await make(name, inputs)).id).toMatch(expected);
  });

  test.each([
    [1, [NAMES]],
    [2, [ADJECTIVES, NAMES]],
    [4, [ADVERBS, ADVERBS, ADJECTIVES, NAMES]],
  ])("a pet of %i words", async (length, lists) => {
    const words = (await make("RandomPet", { length, separator: " " })).id.split(" ");
    expect(words).toHaveLength(lists.length);
    for (const [i, word] of words.entries()) expect(lists[i]).toContain(word);
  });

  test("a resource it does not have is refused by name", () => {
    expect(() => resourceOf("random:index/randomX:RandomX")).toThrow("RandomX is not supported by this random plugin");
  });
});

describe("diff", () => {
  const defaults = resourceOf(token("RandomPassword")).defaults ?? {};
  test.each([
    ["nothing", { length: 8, result: "x", upper: true }, { length: 8 }, []],
    ["the length", { length: 8 }, { length: 9 }, ["length"]],
    ["a default written out", { length: 8 }, { length: 8, upper: true }, []],
    ["an option taken back", { length: 8, special: false }, { length: 8 }, ["special"]],
    ["number and numeric as one", { length: 8, numeric: false, number: false }, { length: 8, numeric: false }, []],
    ["keepers", { length: 8, keepers: { a: "1" } }, { length: 8, keepers: { a: "2" } }, ["keepers"]],
    ["an unknown keeper", { length: 8, keepers: { a: "1" } }, { length: 8, keepers: UNKNOWN }, ["keepers"]],
  ])("%s", (_, olds, news, expected) => {
    const { detailed } = diffInputs(olds, news, defaults, []);
    expect(Object.keys(detailed)).toEqual(expected);
    expect(Object.values(detailed).every((diff) => diff.replace)).toBe(true);
  });
});

describe("the provider", () => {
  const provider = new RandomProvider();
  test("a preview knows which values will be made, not what they are", async () => {
    const created = await provider.create({
      ...target("RandomPassword"),
      properties: { length: 8 },
      timeout: 0,
      preview: true,
    });
    expect(created).toEqual({ id: "", properties: { length: 8, result: UNKNOWN, bcryptHash: UNKNOWN } });
  });

  test.each([
    ["RandomPassword", {}, "length is required"],
    ["RandomPassword", { length: 2, minUpper: 3 }, "length (2) must be at least"],
    ["RandomString", { length: 4, upper: false, lower: false, numeric: false, special: false }, "must be true"],
    ["RandomInteger", { min: 2, max: 1 }, "must not be above"],
    ["RandomId", { byteLength: 0 }, "at least 1"],
  ])("%s %j: %s", async (name, news, expected) => {
    const { failures } = await provider.check({ ...target(name), olds: undefined, news, randomSeed: new Uint8Array() });
    expect(failures?.[0]?.reason).toContain(expected);
  });
});
