import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig } from "./config.ts";

const folder = mkdtempSync(join(tmpdir(), "media-config-"));
const secret = join(folder, "secret");
const empty = join(folder, "empty");
writeFileSync(secret, "  s3cret\n");
writeFileSync(empty, "\n");
afterAll(() => rmSync(folder, { recursive: true }));

const files = { PGPASSWORD_FILE: secret, TMDB_TOKEN_FILE: secret };

function problems(process: "api" | "worker" | "doubles", env: Record<string, string>): string {
  try {
    loadConfig(process, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error("was accepted");
}

test("defaults are those of the platform, and secrets come from files without their line end", () => {
  expect(loadConfig("api", files)).toMatchObject({
    process: "api",
    HTTP_PORT: 8080,
    ADMIN_PORT: 9464,
    PGHOST: "pgbouncer",
    REDIS_STATE_SENTINELS: "redis-state-sentinel:26379",
    TRACE_SAMPLE_RATIO: 1,
    secrets: { PGPASSWORD_FILE: "s3cret", TMDB_TOKEN_FILE: "s3cret" },
  });
});

test("an empty variable is an unset one", () => {
  expect(loadConfig("api", { ...files, HTTP_PORT: "", DEV_TOKEN_FILE: "" })).toMatchObject({ HTTP_PORT: 8080 });
});

test("all problems come in one message, each with its key and an example", () => {
  const message = problems("api", {
    PGPASSWORD_FILE: "/nowhere",
    DEV_TOKEN_FILE: empty,
    HTTP_PORT: "80a",
    ADMIN_PORT: "70000",
    REDIS_CACHE_URL: "redis-cache:6379",
    REDIS_STATE_SENTINELS: "one,two",
    TRACE_SAMPLE_RATIO: "2",
  });
  const lines = message.split("\n").slice(1);
  expect(lines).toHaveLength(8);
  expect(lines.every((line) => / {2}[A-Z_]+: .+; for example [A-Z_]+=.+/.test(line))).toBe(true);
  expect(message).toContain("PGPASSWORD_FILE: names /nowhere, which cannot be read (ENOENT)");
  expect(message).toContain("DEV_TOKEN_FILE: names");
  expect(message).toContain("HTTP_PORT: must be a whole number; for example HTTP_PORT=8080");
  expect(message).toContain("TMDB_TOKEN_FILE: is missing, and api needs it");
});

test.each([
  ["short", "not a key of 16"],
  ["three", "a-long-enough-key-1 a-long-enough-key-2 a-long-enough-key-3"],
])("a secret of the wrong form is refused without being shown: %s", (name, content) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  const message = problems("api", { ...files, PAYMENT_WEBHOOK_KEY_FILE: file });
  expect(message).toContain("must hold one key or two");
  expect(message).not.toContain(content);
});

test("a process reads only the secrets it needs", () => {
  expect(loadConfig("doubles", { ...files, PGPASSWORD_FILE: "/nowhere" }).secrets).toEqual({
    TMDB_TOKEN_FILE: "s3cret",
  });
  expect(problems("worker", {})).not.toContain("TMDB_TOKEN_FILE");
  expect(loadConfig("doubles", {}).secrets).toEqual({});
});
