import type { Level, Shape } from "./shapes.ts";

/** A stretch in which the rate of sessions goes evenly from where it was to `perMinute`. */
export interface Stretch {
  readonly seconds: number;
  /** Whole sessions a minute, because that is what every tool can be told. */
  readonly perMinute: number;
}

export interface Expansion {
  /** Sessions a second that a factor of 1 means. */
  readonly rate: number;
  /** Shrinks or stretches the run to this length. @default the shape's own */
  readonly seconds?: number;
}

/** The rate over time of a shape at a level. */
export function expand(shape: Shape, level: Level, { rate, seconds }: Expansion): readonly Stretch[] {
  const own = shape.stages.reduce((sum, stage) => sum + stage.seconds, 0) * (level.time ?? 1);
  const scale = ((seconds ?? own) / own) * (level.time ?? 1);
  const perMinute = (factor: number) => Math.max(1, Math.round(factor * rate * (level.rate ?? 1) * 60));
  const stages = shape.stages.map((stage) => ({ seconds: stage.seconds * scale, perMinute: perMinute(stage.factor) }));
  if (level.gradual) return [{ seconds: seconds ?? own, perMinute: Math.max(...stages.map((stage) => stage.perMinute)) }];
  return level.bursts ? withBursts(stages, level.bursts) : stages;
}

/** Cuts the rate into steps of a period each, of which the first seconds are higher; ramps become stairs. */
function withBursts(stages: readonly Stretch[], { everySeconds, seconds, factor }: NonNullable<Level["bursts"]>) {
  const total = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const out: Stretch[] = [];
  for (let at = 0; at < total; at += everySeconds) {
    const calm = Math.max(1, Math.round(rateAt(stages, at)));
    const high = Math.min(seconds, total - at);
    const rest = Math.max(0, Math.min(everySeconds, total - at) - high);
    for (const [length, perMinute] of [
      [high, calm * factor],
      [rest, calm],
    ] as const)
      if (length > 0) out.push({ seconds: 0, perMinute }, { seconds: length, perMinute });
  }
  return out;
}

/** Sessions a minute at a moment; the first rate is that of a first stretch without length, else 0. */
export function rateAt(stretches: readonly Stretch[], atSeconds: number): number {
  let from = 0;
  let begin = 0;
  for (const { seconds, perMinute } of stretches) {
    if (atSeconds < begin + seconds) return from + ((perMinute - from) * (atSeconds - begin)) / seconds;
    begin += seconds;
    from = perMinute;
  }
  return from;
}

/** When each session begins, in milliseconds: where the integral of the rate comes to 1, 2, 3 … as k6 does it. */
export function arrivals(stretches: readonly Stretch[]): number[] {
  const times: number[] = [];
  let begin = 0;
  let from = 0;
  let done = 0;
  for (const { seconds, perMinute } of stretches) {
    const [a, b] = [from / 60, perMinute / 60];
    const inAll = done + ((a + b) / 2) * seconds;
    for (let next = times.length + 1; next <= inAll + 1e-9; next = times.length + 1) {
      times.push((begin + timeOf(next - done, a, b, seconds)) * 1_000);
    }
    done = inAll;
    begin += seconds;
    from = perMinute;
  }
  return times;
}

/** After how many seconds `count` have come, where the rate goes from `a` to `b` in `seconds`. */
function timeOf(count: number, a: number, b: number, seconds: number): number {
  const slope = (b - a) / seconds;
  if (Math.abs(slope) < 1e-12) return count / a;
  return (-a + Math.sqrt(Math.max(0, a * a + 2 * slope * count))) / slope;
}

export const secondsOf = (stretches: readonly Stretch[]) => stretches.reduce((sum, { seconds }) => sum + seconds, 0);
