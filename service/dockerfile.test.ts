import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const { workspaces } = JSON.parse(read("package.json")) as { workspaces: string[] };

// npm ci refuses a lock file whose workspaces are not all there, so a new one breaks the image's build.
test.each(workspaces)("the image's build sees the manifest of the workspace %s", (workspace) => {
  expect(read("service/Dockerfile")).toContain(`COPY ${workspace}/package.json ${workspace}/\n`);
  expect(read(".dockerignore").split("\n")).toContain(`!${workspace}/package.json`);
});

test("the context holds what runs, and no tests", () => {
  const lines = read(".dockerignore").split("\n");
  for (const line of ["**", "!service/src", "!service/migrations", "service/src/**/*.test.ts"])
    expect(lines).toContain(line);
});

describe("what every process loads", () => {
  const compile = (env: Record<string, string>) =>
    spawnSync(process.execPath, [new URL("src/compile.ts", import.meta.url).pathname], {
      env: { PATH: process.env.PATH ?? "", ...env },
      encoding: "utf8",
    });

  test("is compiled with the image", () => {
    const folder = mkdtempSync(join(tmpdir(), "media-compiled-"));
    expect(compile({ NODE_COMPILE_CACHE: folder })).toMatchObject({ status: 0, stderr: "" });
    const [own = ""] = readdirSync(folder);
    // A module each, ours and those of the packages.
    expect(readdirSync(join(folder, own)).length).toBeGreaterThan(500);
    rmSync(folder, { recursive: true });
  });

  test("the control: without a folder for it that fails, and so does the image's build", () => {
    const { status, stderr } = compile({});
    expect(status).toBe(1);
    expect(stderr).toContain("NODE_COMPILE_CACHE");
  });
});
