import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { configOf, merge, stacksOf } from "./config.ts";
import { mebi, milli } from "./cost.plan.ts";
import { differences, lines } from "./differences.plan.ts";
import { renderAll } from "./render-all.ts";
import { runRenderer } from "./renderer.ts";

const tree = mkdtempSync(join(tmpdir(), "media-preview-"));
afterAll(() => rmSync(tree, { recursive: true }));

function stackFile(text: string) {
  writeFileSync(join(tree, "Pulumi.prod.yaml"), `config:\n${text}`);
  return configOf(tree, "prod");
}

describe("the configuration of a preview", () => {
  test("fills what the owner keeps with placeholders, and nothing else", () => {
    const { engine } = stackFile(
      "  media-platform:layers: [data]\n  media-platform:images: { registry: mine.example.com }\n",
    );
    expect(JSON.parse(engine["media-platform:kubernetes"] ?? "")).toEqual({ context: "placeholder" });
    expect(JSON.parse(engine["media-platform:images"] ?? "").registry).toBe("mine.example.com");
    expect(engine["media-platform:backups"]).toContain("placeholder-secret-key");
    expect(stackFile("  media-platform:layers: [app]\n").engine).not.toHaveProperty(["media-platform:backups"]);
  });

  test("needs no passphrase: an encrypted value differs where its ciphertext does", () => {
    const secure = (text: string) => stackFile(`  media-platform:app:\n    paymentWebhookKey: { secure: ${text} }\n`);
    expect(secure("v1:a:b").engine).not.toEqual(secure("v1:a:c").engine);
    expect(secure("v1:a:b").problems).toEqual([]);
  });

  test("names a secret in plain text, and how to write it", () => {
    const { problems } = stackFile("  media-platform:app:\n    outside:\n      plex: { credential: hunter2 }\n");
    expect(problems).toEqual([
      expect.stringContaining("Pulumi.prod.yaml holds media-platform:app.outside.plex.credential in plain text"),
    ]);
    expect(problems[0]).not.toContain("hunter2");
  });

  test("reads what the stack file confirms", () => {
    expect(stackFile('  media-platform:confirmReplacements: ["StatefulSet/a"]\n').confirmed).toEqual(["StatefulSet/a"]);
  });
});

test("stacks are found by their files", () => {
  stackFile("");
  writeFileSync(join(tree, "Pulumi.yaml"), "");
  expect(stacksOf(tree)).toEqual(["prod"]);
});

test("a stack file that is not YAML, and a tree without a program, are problems of that stack", async () => {
  writeFileSync(join(tree, "Pulumi.dr.yaml"), "config: [");
  stackFile("  media-platform:layers: [data]\n");
  const [broken, empty] = await renderAll([
    { tree, stack: "dr" },
    { tree, stack: "prod" },
  ]);
  expect(broken).toMatchObject({ problem: expect.stringContaining("Pulumi.dr.yaml cannot be read") });
  expect(empty).toMatchObject({ problem: expect.stringContaining("infra/index.ts") });
});

test("a key of the wrong type is told as the program tells it", async () => {
  const repo = join(import.meta.dirname, "../..");
  const [found] = await renderAll([{ tree: repo, stack: "dev" }], () => ({
    engine: { "media-platform:tier": "huge" },
    confirmed: [],
    problems: [],
  }));
  expect(found).toMatchObject({ problem: expect.stringContaining("media-platform:tier") });
  expect(found).toMatchObject({ problem: expect.not.stringContaining("    at ") });
});

test("no passphrase is read: a shell may name the file of a cluster that is gone", async () => {
  const at = { tree: join(import.meta.dirname, "../.."), stack: "dev" };
  const { engine } = configOf(at.tree, at.stack, true);
  const rendered = await runRenderer(at, { config: engine }, { PULUMI_CONFIG_PASSPHRASE_FILE: join(tree, "gone") });
  expect(rendered).toMatchObject({ resources: expect.arrayContaining([expect.objectContaining({ name: "gateway" })]) });
});

describe("differences", () => {
  test("pairs list entries by name, others by place", () => {
    expect(differences([{ name: "a", v: 1 }, { name: "b" }], [{ name: "b" }, { name: "a", v: 2 }])).toEqual([
      { path: "[a].v", before: 1, after: 2 },
    ]);
    expect(differences({ x: [{ v: 1 }] }, { x: [{ v: 2 }] })).toEqual([{ path: "x[0].v", before: 1, after: 2 }]);
    expect(differences({ x: [1] }, { x: [1, 2] })).toEqual([{ path: "x", before: [1], after: [1, 2] }]);
  });
  test("see another order, added and removed values, and keys with dots", () => {
    expect(differences([{ name: "a" }, { name: "b" }], [{ name: "b" }, { name: "a" }])[0]?.path).toBe(" (order)");
    expect(differences({ "a/b": 1 }, {})).toEqual([{ path: "[a/b]", before: 1 }]);
    expect(differences({}, { a: 1 })).toEqual([{ path: "a", after: 1 }]);
    expect(differences({ a: [{ b: 1 }] }, { a: [{ b: 1 }] })).toEqual([]);
  });
  test("of texts are their lines", () => {
    expect(lines("a\nb\nc", "a\nx\nc")).toEqual(["- b", "+ x"]);
    expect(lines("a", "b\nc\nd", 2)).toEqual(["- a", "+ b", "… 2 more lines"]);
  });
});

test("quantities", () => {
  expect([milli("250m"), milli("2"), mebi("1Gi"), mebi("64Mi"), mebi("1048576")]).toEqual([250, 2000, 1024, 64, 1]);
  expect(() => mebi("1Xi")).toThrow("the unit Xi is not known");
});

test("a placeholder gives way to what is committed", () => {
  expect(merge({ a: { b: 1, c: 2 } }, { a: { b: 3 }, d: [1] })).toEqual({ a: { b: 3, c: 2 }, d: [1] });
});
