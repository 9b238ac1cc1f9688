import { readFileSync } from "node:fs";

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
