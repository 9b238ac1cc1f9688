import { describe, expect, test } from "@jest/globals";
import { compare } from "bcryptjs";
import { type Props, unwrap, unwrapMap } from "../lib/values.ts";
import { importValue } from "./import.ts";
import { RandomProvider } from "./provider.ts";

const type = (name: string) => `random:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`;

describe("import", () => {
  test.each<[string, string, string, Props, Props]>([
    ["RandomString", "aB3$", "aB3$", { length: 4 }, { result: "aB3$" }],
    ["RandomBytes", "AQID", "none", { length: 3 }, { base64: "AQID", hex: "010203" }],
    ["RandomId", "AQID", "AQID", { byteLength: 3 }, { hex: "010203", dec: "66051", b64Std: "AQID", b64Url: "AQID" }],
    ["RandomId", "p-,AQID", "AQID", { byteLength: 3, prefix: "p-" }, { hex: "p-010203", b64Url: "p-AQID" }],
    ["RandomInteger", "7,1,9", "7", { min: 1, max: 9 }, { result: 7 }],
    ["RandomInteger", "7,1,9,s", "7", { min: 1, max: 9, seed: "s" }, { result: 7 }],
    ["RandomUuid", "aabbccdd-0000-4000-8000-001122334455", "aabbccdd-0000-4000-8000-001122334455", {}, {}],
  ])("%s from %s", async (name, value, id, inputs, outputs) => {
    const imported = await importValue(type(name), value);
    expect(imported.id).toBe(id);
    expect(imported.inputs).toEqual(inputs);
    expect(unwrapMap(imported.outputs)).toMatchObject(outputs);
  });

  test("a password stays secret, and its hash fits", async () => {
    const { id, inputs, outputs } = await importValue(type("RandomPassword"), "correct horse");
    expect([id, inputs]).toEqual(["none", { length: 13 }]);
    expect(outputs.result).not.toBe("correct horse");
    expect(await compare("correct horse", String(unwrap(outputs.bcryptHash ?? "")))).toBe(true);
  });

  test.each([
    ["RandomBytes", "not base64!"],
    ["RandomId", "a=b"],
    ["RandomInteger", "10,1,9"],
    ["RandomInteger", "1,,9"],
    ["RandomUuid", "1234"],
    ["RandomPet", "clever-cat"],
    ["RandomShuffle", "a,b"],
  ])("%s from %s is refused, without repeating the value", async (name, value) => {
    const message = await importValue(type(name), value).catch((error: Error) => error.message);
    expect(message).toMatch(/cannot be imported/);
    expect(message).not.toContain(value);
  });

  test("what was imported is no difference for a program that says the same; another length is", async () => {
    const provider = new RandomProvider();
    const target = { urn: "u", type: type("RandomString"), name: "n" };
    const read = await provider.read({ ...target, id: "abcd", properties: {}, inputs: {} });
    const request = {
      ...target,
      id: "abcd",
      olds: read.properties ?? {},
      oldInputs: read.inputs ?? {},
      ignoreChanges: [],
    };
    expect((await provider.diff({ ...request, news: { length: 4 } })).changes).toBe(false);
    expect((await provider.diff({ ...request, news: { length: 5 } })).changes).toBe(true);
  });
});
