/** Progress for people, on stderr, so that stdout stays for what scripts read. */
const started = Date.now();

/** One line with the time since the command began. */
export function say(line: string): void {
  const seconds = Math.round((Date.now() - started) / 1000);
  console.error(`[${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}] ${line}`);
}

/** Runs a part of the work between a line that says so and one that says how long it took. */
export async function phase<T>(name: string, work: () => Promise<T>): Promise<T> {
  say(`${name} …`);
  const from = performance.now();
  const result = await work();
  say(`${name}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}
