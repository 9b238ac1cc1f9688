import { createHmac, hkdfSync } from "node:crypto";
import { ACCESS_SECONDS, createTokens, PAGES_SECONDS } from "./tokens.ts";

const ABOUT = { sub: "u", role: "user", sid: "s" } as const;
const NOW = 1_800_000_000_000;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** As every release before this one wrote it, by hand. */
function byHand(secret: string, payload: object, header: object = { alg: "HS256", typ: "JWT" }): string {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "media access tokens", 32));
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

const exp = NOW / 1_000 + ACCESS_SECONDS;

test("a token is the one that earlier releases wrote, and theirs are accepted", async () => {
  const tokens = createTokens("secret", () => NOW);
  const ours = await tokens.sign(ABOUT);
  const [header, payload = ""] = ours.split(".");
  expect(header).toBe(encode({ alg: "HS256", typ: "JWT" }));
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({ ...ABOUT, exp });
  for (const token of [ours, byHand("secret", { ...ABOUT, exp })])
    for (let time = 0; time < 2; time++) expect(await tokens.verify(token)).toEqual({ claims: { ...ABOUT, exp } });
});

test("an expired token is one also after it was accepted", async () => {
  let now = NOW;
  const tokens = createTokens("secret", () => now);
  const token = await tokens.sign(ABOUT);
  now += (ACCESS_SECONDS - 1) * 1_000;
  expect(await tokens.verify(token)).toMatchObject({ claims: ABOUT });
  now += 1_000;
  expect(await tokens.verify(token)).toBe("expired");
  expect(await createTokens("secret", () => now).verify(token)).toBe("expired");
});

test.each([
  ["of another key", byHand("another", { ...ABOUT, exp })],
  ["without a known role", byHand("secret", { ...ABOUT, role: "root", exp })],
  ["without an end", byHand("secret", ABOUT)],
  ["of another algorithm", byHand("secret", { ...ABOUT, exp }, { alg: "none", typ: "JWT" })],
  ["with a fourth part", `${byHand("secret", { ...ABOUT, exp })}.${"x".repeat(6_000)}`],
  ["of more than 1 KiB", byHand("secret", { ...ABOUT, sid: "s".repeat(1_000), exp })],
  ["whose signature is padded", `${byHand("secret", { ...ABOUT, exp })}=`],
])("a token %s is forged", async (_how, token) => {
  expect(await createTokens("secret", () => NOW).verify(token)).toBe("forged");
});

test("a signature in another spelling of the same bytes is forged", async () => {
  const token = byHand("secret", { ...ABOUT, exp });
  const bytes = (text: string) => Buffer.from(text.split(".")[2] ?? "", "base64url").toString("hex");
  const others = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    .map((last) => token.slice(0, -1) + last)
    .filter((other) => other !== token && bytes(other) === bytes(token));
  expect(others).toHaveLength(3);
  for (const other of others) expect(await createTokens("secret", () => NOW).verify(other)).toBe("forged");
});

describe("while one key follows another", () => {
  const both = createTokens("new\nold\n", () => NOW);

  test("the new one signs, and tokens of either are accepted until they expire", async () => {
    expect(await both.sign(ABOUT)).toBe(await createTokens("new", () => NOW).sign(ABOUT));
    for (const key of ["new", "old"])
      expect(await both.verify(byHand(key, { ...ABOUT, exp }))).toEqual({ claims: { ...ABOUT, exp } });
    expect(await both.verify(byHand("old", { ...ABOUT, exp: NOW / 1_000 - 1 }))).toBe("expired");
  });

  test("afterwards the old one is refused, as another always was", async () => {
    const old = byHand("old", { ...ABOUT, exp });
    expect(await createTokens("new", () => NOW).verify(old)).toBe("forged");
    expect(await both.verify(byHand("another", { ...ABOUT, exp }))).toBe("forged");
  });
});

test("a token of the operators' pages is none of the API, nor the other way round, and lives longer", async () => {
  const [api, pages] = [createTokens("secret", () => NOW), createTokens("secret", () => NOW, "pages")];
  const [forApi, forPages] = [await api.sign(ABOUT), await pages.sign(ABOUT)];
  expect([await pages.verify(forApi), await api.verify(forPages)]).toEqual(["forged", "forged"]);
  expect(await pages.verify(forPages)).toEqual({ claims: { ...ABOUT, exp: NOW / 1_000 + PAGES_SECONDS } });
});
