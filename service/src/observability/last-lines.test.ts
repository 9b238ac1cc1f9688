import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** A real process that writes two lines and ends, one way or another. */
function linesOf(end: string): string[] {
  const module = join(import.meta.dirname, "log.ts");
  const program = `
    const { createLogger } = await import(${JSON.stringify(module)});
    const log = createLogger({ process: "api", SERVICE_VERSION: "1", LOG_LEVEL: "info" });
    log.info("first");
    ${end}`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return stdout.split("\n").flatMap((line) => (line ? [JSON.parse(line).msg] : []));
}

test.each([
  ["ends by itself", 'log.info("last");'],
  ["is ended", 'log.info("last"); process.exit(1);'],
  ["has a bug", 'log.info("last"); throw new Error("a bug");'],
  ["says that it is dying, and is killed", 'log.fatal("last"); process.kill(process.pid, "SIGKILL");'],
])("the last line of a process that %s is written", (_how, end) => {
  expect(linesOf(end)).toEqual(["first", "last"]);
});

test("the control: of one that is killed at once, what it had not passed on is missing", () => {
  expect(linesOf('log.info("last"); process.kill(process.pid, "SIGKILL");')).toEqual([]);
});
