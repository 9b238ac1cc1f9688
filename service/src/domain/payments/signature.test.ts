import fc from "fast-check";
import { signatureHeader, TOLERANCE_SECONDS, verifySignature } from "./signature.ts";

const NOW = 1_790_000_000;
const KEY = "the key that both sides know";
const body = Buffer.from('{"id":"evt_1"}');
const signed = (key = KEY, seconds = NOW) => signatureHeader(key, body, seconds);
const verify = (header: string, keys: string[] = [KEY], bytes = body) => verifySignature(keys, header, bytes, NOW);
const v1 = (header: string) => header.split(",")[1] ?? "";

test("a known answer: HMAC-SHA256 over `<time>.<body>`, computed by another program", () => {
  // printf '1790000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac 'the key that both sides know'
  expect(signed()).toBe("t=1790000000,v1=1cfe7d02fdbe8b3f70c30a539665d9933e23bd0a6947d50047dc2aa4e1cf7311");
});

test("what was signed with one of our keys is valid; so is one of several signatures", () => {
  expect(verify(signed())).toBe("valid");
  expect(verify(signed("the key before it"), [KEY, "the key before it"])).toBe("valid");
  expect(verify(`${signed("the key after it")},${v1(signed())}`)).toBe("valid");
  expect(verify(`${signed()},v0=of-an-older-scheme`)).toBe("valid");
});

test.each([
  ["nothing", ""],
  ["no time", v1(signed())],
  ["no signature", `t=${NOW}`],
  ["two times", `t=${NOW},${signed()}`],
  ["another time than was signed", signed().replace(String(NOW), String(NOW + 1))],
  ["a time that is no number", signed().replace(String(NOW), "1e9")],
  ["another key", signed("a guess")],
  ["half a signature", signed().slice(0, -32)],
  ["capital letters", signed().toUpperCase()],
  ["the right one behind many wrong ones", `t=${NOW}${`,v1=${"0".repeat(64)}`.repeat(4)},${v1(signed())}`],
])("%s is invalid", (_name, header) => {
  expect(verify(header)).toBe("invalid");
});

test("without a key nothing is valid, not even what was signed with an empty one", () => {
  expect(verify(signed(""), [])).toBe("invalid");
});

test("it is good for five minutes, either way, and to the second", () => {
  for (const [age, verdict] of [
    [TOLERANCE_SECONDS, "valid"],
    [TOLERANCE_SECONDS + 1, "expired"],
  ] as const) {
    expect(verify(signed(KEY, NOW - age))).toBe(verdict);
    expect(verify(signed(KEY, NOW + age))).toBe(verdict);
  }
  // Only a sender with a key learns that it is too old.
  expect(verify(signed("a guess", NOW - 1_000))).toBe("invalid");
});

test("any bit changed in body or signature makes it invalid, and no header makes it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (bytes, place, bit) => {
      const header = signatureHeader(KEY, Buffer.from(bytes), NOW);
      expect(verify(header, [KEY], Buffer.from(bytes))).toBe("valid");
      const changed = Buffer.from(bytes);
      const at = place % bytes.length;
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      expect(verify(header, [KEY], changed)).toBe("invalid");
    }),
  );
  fc.assert(fc.property(fc.string(), (header) => expect(verify(header)).toBe("invalid")));
});
