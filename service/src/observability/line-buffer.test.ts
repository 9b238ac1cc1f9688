import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { LineBuffer } from "./line-buffer.ts";

function gathered() {
  const written: Buffer[] = [];
  const flushSync = jest.fn();
  return {
    buffer: new LineBuffer({ write: (bytes) => written.push(bytes), flush() {}, flushSync }),
    written,
    flushSync,
  };
}
const text = (written: Buffer[]) => Buffer.concat(written).toString();

test("lines are passed on together, whole, in their order, also those in wide letters and those longer than the buffer", () => {
  const { buffer, written, flushSync } = gathered();
  const lines = Array.from(
    { length: 2_000 },
    (_, n) => `${n} ${["plain", "größer", "映画🎬"][n % 3]?.repeat(n % 40)}\n`,
  );
  lines.splice(700, 0, `${"長".repeat(80_000)}\n`);
  for (const line of lines) buffer.write(line);
  expect(written.length).toBeLessThan(40);
  buffer.flushSync();
  expect(flushSync).toHaveBeenCalledTimes(1);
  expect(text(written)).toBe(lines.join(""));
});

test("a line waits for others, and not for long", async () => {
  const { buffer, written } = gathered();
  buffer.write("alone\n");
  expect(written).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(text(written)).toBe("alone\n");
});

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
