import { type Frame, ownerOf, type Spot, spotsOf } from "./frames.ts";

export const milliseconds = (us: number) =>
  us >= 1_000_000 ? `${(us / 1_000_000).toFixed(2)} s` : `${(us / 1_000).toFixed(0)} ms`;
export const mebibytes = (bytes: number) =>
  bytes >= 1_048_576 ? `${(bytes / 1_048_576).toFixed(2)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`;

const share = (part: number, whole: number) => `${((part / Math.max(1, whole)) * 100).toFixed(1)} %`;

/** The functions that took the most, in sentences. */
export function hotSpots(root: Frame, show: (value: number) => string, most = 10): string[] {
  const spots = spotsOf(root).filter(({ self }) => self > 0);
  return spots
    .slice(0, most)
    .map(
      ({ name, where, self, total }) =>
        `${name}, ${where}: ${show(self)} itself (${share(self, root.total)}), ${show(total)} with what it calls`,
    );
}

/** Whose code took it: ours, each package's, Node.js's, V8's. */
export function byOwner(root: Frame, show: (value: number) => string): string[] {
  const sums = new Map<string, number>();
  for (const { where, self } of spotsOf(root)) sums.set(ownerOf(where), (sums.get(ownerOf(where)) ?? 0) + self);
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .filter(([, self]) => self / Math.max(1, root.total) >= 0.01)
    .map(([owner, self]) => `${owner}: ${show(self)}, ${share(self, root.total)}`);
}

/** A function whose allocations that are still held grew from one reading to the next. */
export interface Growth extends Spot {
  readonly before: number;
  readonly perMinute: number;
}

/** Allocations are called a suspect where they grow by more than this, in bytes a minute. */
const SUSPECT = 256 * 1024;

/** What may leak: functions that hold more at each of the later readings than at the one before, the fastest first. */
export function growing(readings: readonly { readonly atSeconds: number; readonly root: Frame }[]): Growth[] {
  const tables = readings.map(({ root }) => new Map(spotsOf(root).map((spot) => [`${spot.name} ${spot.where}`, spot])));
  const [first, last] = [readings[0], readings.at(-1)];
  if (!first || !last || readings.length < 3) return [];
  const minutes = (last.atSeconds - first.atSeconds) / 60;
  return [...(tables.at(-1) as (typeof tables)[number])]
    .flatMap(([key, spot]): Growth[] => {
      const held = tables.map((table) => table.get(key)?.self ?? 0);
      const always = held.every((bytes, index) => index === 0 || bytes > (held[index - 1] as number));
      const perMinute = (spot.self - (held[0] as number)) / minutes;
      return always && perMinute >= SUSPECT ? [{ ...spot, before: held[0] as number, perMinute }] : [];
    })
    .sort((a, b) => b.perMinute - a.perMinute);
}

export const leakWords = (growths: readonly Growth[]): string[] =>
  growths
    .slice(0, 5)
    .map(
      ({ name, where, before, self, perMinute }) =>
        `${name}, ${where}: holds ${mebibytes(self)}, ${mebibytes(before)} at first: ${mebibytes(perMinute)} more each minute`,
    );
