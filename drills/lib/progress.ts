/** Progress is printed on stderr. Stdout is kept for output that scripts read. */
const started = Date.now();

/** Prints one line with the time since the command began. */
export function say(line: string): void {
  const seconds = Math.round((Date.now() - started) / 1000);
  console.error(`[${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, "0")}] ${line}`);
}
