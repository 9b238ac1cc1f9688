import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { help, parseCommand } from "./cli.ts";
import { UserError } from "./lib/errors.ts";
import { CommandError, run } from "./lib/run.ts";
import { drillFor } from "./run-drill.ts";

const MAIN = join(import.meta.dirname, "main.ts");

/** Runs the command with the given programs on PATH, and returns how it ended. */
async function drill(args: readonly string[], programs: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "drill-"));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const evidence = join(folder, "evidence");
  mkdirSync(evidence);
  const command = `PATH="${folder}" exec "$0" "$@"`;
  const call = ["-c", command, process.execPath, MAIN, ...args, "--evidence", evidence];
  try {
    return { code: 0, stdout: await run("/bin/sh", call), stderr: "", evidence };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { code: (error.cause as { code?: number }).code, stdout: "", stderr: error.stderr, evidence };
  }
}

test("--help names every kind of drill and every flag, and ends with 0", async () => {
  const { code, stdout } = await drill(["--help"]);
  expect(code).toBe(0);
  expect(stdout).toBe(help());
  for (const word of ["recreate", "restarts", "--context", "--outputs", "--confirm"]) expect(stdout).toContain(word);
});

test("the command line with its defaults", () => {
  expect(parseCommand(["restarts", "--stack", "dev", "--count", "3", "--context", "kind"])).toMatchObject({
    kind: "restarts",
    stack: "dev",
    namespace: "media-dev",
    context: "kind",
    json: false,
    options: { count: "3" },
  });
});

test.each([
  [[], "no kind of drill is given"],
  [["recreate"], "no stack is given"],
  [["recreate", "restarts", "--stack", "dev"], "one kind of drill at a time, not also restarts"],
  [["recreate", "--stak", "dev"], "--stak"],
  [["flood", "--stack", "dev"], '"flood" is not a kind of drill'],
  [["toString", "--stack", "dev"], '"toString" is not a kind of drill'],
  [["recreate", "--stack", "dev"], "--confirm dev"],
  [["recreate", "--stack", "dev", "--confirm", "prod"], "--confirm dev"],
  [["restarts", "--stack", "dev", "--count", "0"], '"0" is not a number of restarts'],
  [["failover", "--stack", "prod"], "has users, and this is not confirmed"],
  [["failover", "--stack", "dev", "--count", "many"], '"many" is not a number of repetitions'],
  [["pitr", "--stack", "dev", "--target", "yesterday"], '"yesterday" is not a point in time with its zone'],
  [["pitr", "--stack", "dev", "--target", "2026-05-01T12:00:00"], "is not a point in time with its zone"],
  [["failover", "--stack", "dev", "--target", "2026-05-01T12:00:00Z"], "takes no --target"],
])("a wrong call %j is refused with its remedy", (args, message) => {
  const check = () => {
    const command = parseCommand(args);
    if (command) drillFor(command.kind, command.stack, command.options);
  };
  expect(check).toThrow(UserError);
  expect(check).toThrow(message);
  expect(check).toThrow("remedy:");
});

test("a refusal ends the process with 2 and without a stack trace", async () => {
  const { code, stderr } = await drill(["recreate", "--stack", "dev"]);
  expect(stderr).toMatch(/^error: .*not confirmed\n {2}remedy: .*--confirm dev/);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(code).toBe(2);
});

const CALL = ["restarts", "--stack", "dev"];

test("without kubectl on PATH it says so", async () => {
  expect(await drill(CALL)).toMatchObject({ code: 2, stderr: expect.stringContaining("kubectl is not on PATH") });
});

test("a context that does not exist is named before anything is touched", async () => {
  const { code, stderr, evidence } = await drill([...CALL, "--context", "nowhere"], {
    kubectl: 'echo "error: context \\"nowhere\\" does not exist" >&2; exit 1',
  });
  expect(stderr).toContain('context "nowhere" does not exist');
  expect(stderr).toContain("--context");
  expect(code).toBe(2);
  expect(readdirSync(evidence)).toEqual([]);
});

test("kubectl gets kubeconfig, context and namespace", async () => {
  const { stderr } = await drill(
    [...CALL, "--kubeconfig", "/k", "--context", "c", "--namespace", "n", "--outputs", "/none"],
    { kubectl: 'echo "called with $*" >&2; exit 1' },
  );
  expect(stderr).toContain("called with --kubeconfig /k --context c -n n get namespace n");
});

test("a drill that an error ends leaves evidence that says so", async () => {
  const { code, stderr, evidence } = await drill([...CALL, "--outputs", "/none"], { kubectl: "exit 0" });
  expect(stderr).toContain("--outputs /none cannot be read");
  expect(code).toBe(2);
  const [page, file] = readdirSync(evidence).sort();
  expect(readFileSync(join(evidence, page as string), "utf8")).toContain("ended by an error");
  expect(JSON.parse(readFileSync(join(evidence, file as string), "utf8"))).toMatchObject({
    version: 1,
    kind: "restarts",
    stack: "dev",
    passed: false,
    summary: expect.stringContaining("--outputs /none cannot be read"),
    phases: [],
  });
});

test("without a file of outputs pulumi is asked, and its failure is told", async () => {
  const pulumi = 'echo "error: no stack named dev" >&2; exit 255';
  const { code, stderr } = await drill(CALL, { kubectl: "exit 0", pulumi });
  expect(stderr).toContain("no stack named dev");
  expect(code).toBe(2);
  const stopped = await drill(CALL, { kubectl: "exit 0", pulumi: "echo '{}'" });
  expect(stopped.stderr).toContain("stack dev has no output gatewayUrl: it is not up");
});
