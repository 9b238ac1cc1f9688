import { say } from "@media/drills/progress";

export { say };

/** Runs a part of the work. Prints a line before it and one with its time after it. */
export async function phase<T>(name: string, work: () => Promise<T>): Promise<T> {
  say(`${name} …`);
  const from = performance.now();
  const result = await work();
  say(`${name}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}
