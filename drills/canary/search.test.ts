import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { canariesOf } from "./needles.ts";
import { Search, told } from "./search.ts";

const VALUE = 'Pässw0rd+/"canary"~0123';
const folder = mkdtempSync(join(tmpdir(), "media-canary-test-"));
let search: Search;
beforeAll(() => {
  search = new Search([
    { name: "database", value: VALUE },
    { name: "token", value: "another-known-value-42" },
  ]);
});
afterAll(() => {
  search.close();
  rmSync(folder, { recursive: true });
});

const inBase64 = (text: string) => Buffer.from(text).toString("base64");

describe("a planted leak is found", () => {
  test.each([
    ["plain", `x ${VALUE} y`, "plain"],
    ["in a JSON document", JSON.stringify({ a: { b: `u:${VALUE}@h` } }), "JSON"],
    ["in an address", `http://h/?p=${encodeURIComponent(VALUE)}`, "URL"],
    ["as base64", inBase64(VALUE), "base64"],
    ["within base64 of a longer text, one byte before it", inBase64(`x${VALUE} and more`), "base64"],
    ["two bytes before it", inBase64(`xy${VALUE}!`), "base64"],
    ["three bytes before it", inBase64(`xyz${VALUE}`), "base64"],
    ["as base64url", Buffer.from(`${VALUE}?`).toString("base64url"), "base64"],
  ])("%s", async (_, text, form) => {
    expect(await search.text("a log", text)).toEqual([{ place: "a log", canary: "database", form, count: 1 }]);
  });

  test("in a file below a folder, compressed, in the layer of an image, and in a commit of a repository", async () => {
    const at = (name: string) => join(folder, name);
    mkdirSync(at("state/deep"), { recursive: true });
    writeFileSync(at("state/deep/dev.json"), `{"x":"${inBase64(VALUE)}"}`);
    writeFileSync(at("state/dev.json.gz"), gzipSync(`another-known-value-42 another-known-value-42`));
    const hits = await search.files("state", at("state"));
    expect(hits.map(told).sort()).toEqual(["state: database (base64), 1 times", "state: token (plain), 2 times"]);

    mkdirSync(at("image/app"), { recursive: true });
    writeFileSync(at("image/app/.env"), "TOKEN=another-known-value-42");
    execFileSync("tar", ["-czf", at("layer"), "-C", at("image"), "."]);
    expect(await search.files("image", at("layer"))).toMatchObject([{ canary: "token", count: 1 }]);
  });
});

test("negative control: the same texts without a value, and half of a value, are no hit", async () => {
  for (const text of ["", "x", VALUE.slice(2), inBase64(VALUE.slice(3)), inBase64("something quite different")])
    expect(await search.text("a log", text)).toEqual([]);
  mkdirSync(join(folder, "clean"));
  writeFileSync(join(folder, "clean/a.gz"), gzipSync("nothing"));
  expect(await search.files("clean", join(folder, "clean"))).toEqual([]);
});

test("a report does not show the value", async () => {
  const [hit] = await search.text("a log", VALUE);
  expect(hit && told(hit)).toBe("a log: database (plain), 1 times");
});

test("what cannot be searched is an error, not silence", async () => {
  await expect(search.files("state", join(folder, "no-such-folder"))).rejects.toThrow(/No such file/);
  expect(() => new Search([])).toThrow("nothing to look for");
  expect(() => new Search([{ name: "short", value: "hunter2" }])).toThrow("the value of short is shorter");
  expect(() => new Search([{ name: "long", value: "several lines\nof text" }])).toThrow(
    "the value of long has several",
  );
});

test("the values of Secrets: passwords whole, of keys a line, of files the long words, and nothing public", () => {
  const data = (entries: Record<string, string>) =>
    Object.fromEntries(Object.entries(entries).map(([file, text]) => [file, inBase64(text)]));
  const found = canariesOf([
    {
      metadata: { name: "a" },
      data: data({
        password: "0123456789abcdefghij",
        again: "0123456789abcdefghij",
        short: "abc",
        placeholder: "0".repeat(32),
        sink: "http://doubles.media-dev.svc:8080/sink/slack/alerts",
        "tls.crt": "-----BEGIN CERTIFICATE-----\nMIIBpublic0000000000\n",
        "tls.key": "-----BEGIN PRIVATE KEY-----\nMIGHprivate00000000\n-----END PRIVATE KEY-----\n",
        "pgbackrest.conf":
          "[global]\nrepo1-cipher-pass=Zq8wordOfTheFile000001\nrepo1-path=/var/lib/pgbackrest0000001\n",
      }),
    },
  ]);
  expect(found).toEqual([
    { name: "a/password", value: "0123456789abcdefghij" },
    { name: "a/tls.key", value: "MIGHprivate00000000" },
    { name: "a/pgbackrest.conf", value: "Zq8wordOfTheFile000001" },
  ]);
});
