import { jest } from "@jest/globals";
import { LineBuffer } from "./line-buffer.ts";

function gathered() {
  const written: Buffer[] = [];
  const flushSync = jest.fn();
  return { buffer: new LineBuffer({ write: (bytes) => written.push(bytes), flushSync }), written, flushSync };
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
