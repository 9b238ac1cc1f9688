import { gzipSync } from "node:zlib";
import type { ProblemCode } from "../src/errors/catalogue.ts";

/** For a place in a URL, as it goes on the wire. */
export const BAD_VALUES: Record<string, string> = {
  "SQL that is always true": encodeURIComponent("' or 1=1 --"),
  "SQL that drops": encodeURIComponent("1; drop table requests"),
  "SQL in a cast": encodeURIComponent("1'::int||pg_sleep(5)--"),
  "a header behind a line end": "x%0d%0aSet-Cookie:%20a=b",
  "the folder above": "..",
  "another file": "..%2f..%2f..%2fetc%2fpasswd",
  "the folder above, encoded": "%2e%2e%2f",
  "the folder above, encoded twice": "%252e%252e%252f",
  NUL: "%00",
  "NUL in a word": "movie%00",
  "no UTF-8": "%ff%fe",
  "half an escape": "%",
  "half a surrogate pair": "%ed%a0%80",
  "a name of every object": "__proto__",
  "another name of every object": "constructor",
  overlong: "a".repeat(5_000),
  "all nines": "9".repeat(400),
  "a negative number": "-1",
  "a page of script": encodeURIComponent("<script>alert(1)</script>"),
};

const ZERO = "00000000-0000-4000-8000-000000000000";
/** Before they are encoded. */
export const BAD_CURSORS = [
  `2026-99-99 99:99:99+00|${ZERO}`,
  `2026-02-30 00:00:00+00|${ZERO}`,
  `2026-01-01 24:00:00+00|${ZERO}`,
  `2026-01-01 00:00:60+00|${ZERO}`,
  `0000-01-01 00:00:00+00|${ZERO}`,
  `2026-01-01 00:00:00+99|${ZERO}`,
  `2026-01-01 00:00:00+00:99|${ZERO}`,
  `2026-01-01 00:00:00.${"1".repeat(80)}+00|${ZERO}`,
  `2026-01-01 00:00:00+00|${ZERO}\0`,
  `2026-01-01 00:00:00+00|' or 1=1 --`,
  "infinity|00000000000000000000000000000000",
  "|",
  "\0",
];

interface BadHeader {
  name: string;
  lines: string[];
  status: number;
  code?: ProblemCode;
  body?: Buffer | string;
  /** @default POST */
  method?: string;
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const UNSIGNED = `${encode({ alg: "none", typ: "JWT" })}.${encode({ sub: "x", role: "admin", sid: "s", exp: 9e9 })}.`;
const [TOKEN, JSON_TYPE] = ["Authorization: Bearer ADMIN", "Content-Type: application/json"];
const WISH = '{"mediaType":"book","tmdbId":1}';

const turnedAway = (name: string, ...tokens: string[]): BadHeader => ({
  name,
  lines: tokens.map((token) => `Authorization: ${token}`),
  method: "GET",
  status: 401,
  code: "unauthenticated",
});
const encoded = (name: string, encoding: string, body: Buffer | string, code: ProblemCode, status = 400) => ({
  name,
  lines: [TOKEN, JSON_TYPE, `Content-Encoding: ${encoding}`],
  body,
  status,
  code,
});
const typed = (name: string, type: string, code: ProblemCode, status: number) => ({
  name,
  lines: [TOKEN, `Content-Type: ${type}`],
  body: WISH,
  status,
  code,
});
const keyed = (name: string, ...keys: string[]) => ({
  name,
  lines: [TOKEN, JSON_TYPE, ...keys.map((key) => `Idempotency-Key: ${key}`)],
  body: '{"mediaType":"movie","tmdbId":603}',
  status: 400,
  code: "idempotency-key-invalid" as const,
});
/** Not even HTTP: Node.js ends the connection before the service hears of it. */
const unparsed = (name: string, status: number, ...lines: string[]) => ({ name, lines: [TOKEN, ...lines], status });

export const BAD_HEADERS: BadHeader[] = [
  turnedAway("no token"),
  turnedAway("a token that is no token", "Bearer guess"),
  turnedAway("a token whose header says that nothing signs it", `Bearer ${UNSIGNED}`),
  turnedAway("a token that another key signed", "Bearer OTHER_KEY"),
  turnedAway("a token with a changed signature", "Bearer ADMINx"),
  turnedAway("a token of 8,000 characters", `Bearer ${"a".repeat(8_000)}`),
  turnedAway("SQL as a token", "Bearer '/**/or/**/1=1--"),
  turnedAway("another scheme", "Basic ADMIN"),
  turnedAway("a forged token before a right one", "Bearer guess", "Bearer ADMIN"),
  { ...turnedAway("a token that ran out", "Bearer EXPIRED"), code: "token-expired" },
  encoded("a body that is no gzip", "gzip", WISH, "malformed-body"),
  encoded("a body that is no deflate", "deflate", WISH, "malformed-body"),
  encoded("a body that is no brotli", "br", WISH, "malformed-body"),
  encoded("a body that is no zstd", "zstd", WISH, "malformed-body"),
  encoded("half a gzip", "gzip", gzipSync(WISH).subarray(0, 20), "malformed-body"),
  encoded("a gzip that grows", "gzip", gzipSync(Buffer.alloc(1_000_000, " ")), "body-too-large", 413),
  encoded("a gzip of what is no UTF-8", "gzip", gzipSync(Buffer.from([0x22, 0xff, 0xfe, 0x22])), "malformed-body"),
  encoded("an unknown encoding", "compress", WISH, "unsupported-media-type", 415),
  encoded("two encodings", "gzip, gzip", WISH, "unsupported-media-type", 415),
  typed("another charset", "application/json; charset=utf-16", "unsupported-media-type", 415),
  typed("a charset that there is not", "application/json; charset=x", "unsupported-media-type", 415),
  typed("a form", "application/x-www-form-urlencoded", "unsupported-media-type", 415),
  typed("a type with broken parameters", "application/json; =;;\x22", "validation-failed", 422),
  keyed("a key with blanks", "a key"),
  keyed("a key that is too long", "a".repeat(256)),
  keyed("a key twice", "first", "second"),
  keyed("a key that is no ASCII", "caf\u00e9"),
  unparsed("20,000 bytes in a header", 431, `X-Long: ${"a".repeat(20_000)}`),
  unparsed("two lengths", 400, "Content-Length: 1", "Content-Length: 2"),
  unparsed("a length and chunks", 400, "Content-Length: 4", "Transfer-Encoding: chunked"),
  unparsed("a negative length", 400, "Content-Length: -1"),
  unparsed("a header name with a blank", 400, "X Y: z"),
  unparsed("a NUL in a header", 400, "X-Nul: a\0b"),
];
