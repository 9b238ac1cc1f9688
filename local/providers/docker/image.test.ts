import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Props } from "../values.ts";
import { contextDigest, listContext, mayMatchBelow } from "./context.ts";
import { folder } from "./folders.ts";
import { buildArgs, changedInputs, registryOf, repositoryOf } from "./image.ts";

const FILES = { Dockerfile: "FROM x", "src/a.ts": "1", "node_modules/m/index.js": "2", "README.md": "3" };
const digestOf = (root: string) => contextDigest(root, join(root, "Dockerfile"));

describe("the digest of a context", () => {
  test("is that of the content, not of the place or the time", async () => {
    expect(await digestOf(folder(FILES))).toBe(await digestOf(folder(FILES)));
  });

  test.each([
    ["a file's text", (root: string) => writeFileSync(join(root, "src/a.ts"), "changed")],
    ["a new file", (root: string) => writeFileSync(join(root, "src/b.ts"), "")],
    ["a file that became executable", (root: string) => chmodSync(join(root, "src/a.ts"), 0o755)],
    ["a link's target", (root: string) => symlinkSync("a.ts", join(root, "src/link"))],
    ["the Dockerfile", (root: string) => writeFileSync(join(root, "Dockerfile"), "FROM y")],
  ])("changes with %s", async (_, change) => {
    const root = folder({ ...FILES, ".dockerignore": "Dockerfile\n" });
    const before = await digestOf(root);
    change(root);
    expect(await digestOf(root)).not.toBe(before);
  });

  test("does not change with what .dockerignore leaves out", async () => {
    const root = folder({ ...FILES, ".dockerignore": "node_modules\n*.md\n" });
    const before = await digestOf(root);
    writeFileSync(join(root, "node_modules/m/index.js"), "changed");
    writeFileSync(join(root, "README.md"), "changed");
    expect(await digestOf(root)).toBe(before);
  });

  test.each([
    ["nothing is left out", [], ["Dockerfile", "README.md", "node_modules/m/index.js", "src/a.ts"]],
    ["folders, globs and comments", ["# no", "node_modules", "**/*.md"], ["Dockerfile", "src/a.ts"]],
    ["all but some", ["*", "!src"], ["src/a.ts"]],
    [
      "an exception below an ignored folder",
      ["node_modules", "!node_modules/m"],
      ["Dockerfile", "README.md", "node_modules/m/index.js", "src/a.ts"],
    ],
  ])("%s", (_, patterns, expected) => {
    expect(listContext(folder(FILES), patterns)).toEqual(expected);
  });

  test.each([
    ["src", "node_modules", false],
    ["node_modules/m", "node_modules", true],
    ["node_modules", "node_modules/m", true],
    ["**/m", "node_modules", true],
    ["n*/m", "node_modules", true],
    ["a/b", "a/c", false],
  ])("an exception %s may match in %s: %p", (pattern, name, expected) => {
    expect(mayMatchBelow(pattern, name)).toBe(expected);
  });

  test("a context that is not there is named", async () => {
    await expect(contextDigest("/nowhere", "/nowhere/Dockerfile")).rejects.toThrow(
      "build.context: /nowhere is not a folder",
    );
  });
});

describe("image", () => {
  const built = (build: Props, more: Props = {}): Props => ({
    imageName: "r:5000/a",
    build: { contextDigest: "1", ...build },
    ...more,
  });
  test.each([
    ["nothing", built({}), built({}), []],
    ["the digest", built({}), built({ contextDigest: "2" }), ["build.contextDigest"]],
    ["an argument", built({ args: { a: "1" } }), built({ args: { a: "2" } }), ["build.args"]],
    ["another checkout of the same", built({ context: "/a" }), built({ context: "/b" }), []],
    ["a password", built({}, { registry: { password: "a" } }), built({}, { registry: { password: "b" } }), []],
    ["the name", built({}), built({}, { imageName: "r:5000/b" }), ["imageName"]],
    ["skipPush set to its default", built({}), built({}, { skipPush: false }), []],
  ])("differs by %s", (_, olds, news, expected) => {
    expect(changedInputs(olds, news)).toEqual(expected);
  });

  test("the command names everything that was asked for, in one order", () => {
    const build = {
      context: "c",
      dockerfile: "c/D",
      target: "t",
      platform: "linux/amd64",
      network: "host",
      args: { b: "2", a: "1" },
      addHosts: ["h:1"],
    };
    expect(buildArgs({ imageName: "n", build }).join(" ")).toBe(
      "build --tag n --file c/D --platform linux/amd64 --target t --network host --add-host h:1 --build-arg a=1 --build-arg b=2 c",
    );
  });

  test.each([
    ["127.0.0.1:5000/media/service:1", "127.0.0.1:5000/media/service", "127.0.0.1:5000"],
    ["127.0.0.1:5000/service", "127.0.0.1:5000/service", "127.0.0.1:5000"],
    ["ghcr.io/a/b:x", "ghcr.io/a/b", "ghcr.io"],
    ["library/nginx", "library/nginx", "docker.io"],
    ["nginx:1", "nginx", "docker.io"],
  ])("%s is of repository %s at %s", (name, repository, registry) => {
    expect([repositoryOf(name), registryOf(name)]).toEqual([repository, registry]);
  });
});
