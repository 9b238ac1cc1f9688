/** A stretch of time in which the rate goes evenly from where it was to `factor` times the base rate. */
export interface Stage {
  readonly seconds: number;
  readonly factor: number;
}

/** How the rate of a run goes, and what it is for. */
export interface Shape {
  readonly about: string;
  readonly stages: readonly Stage[];
  /** Run on a seeded data set, because the amount of data is what is tried. @default false */
  readonly needsData?: boolean;
}

const hold = (seconds: number, factor: number): readonly Stage[] => [
  { seconds: 0, factor },
  { seconds, factor },
];

/** Kinds of runs. Factors are of the base rate, which the level changes. */
export const SHAPES = {
  smoke: { about: "Does it work at all?", stages: hold(30, 1) },
  load: { about: "Does it keep its objectives at the expected rate?", stages: [{ seconds: 30, factor: 4 }, ...hold(180, 4)] },
  stress: {
    about: "Where does it break, and how?",
    stages: [4, 8, 12, 16, 20, 24, 32].flatMap((factor) => [{ seconds: 10, factor }, ...hold(30, factor)]),
  },
  spike: { about: "Does it survive a sudden rush, and recover?", stages: [...hold(60, 2), ...hold(30, 20), ...hold(60, 2)] },
  soak: { about: "Does it last: leaks, growth, drift?", stages: [{ seconds: 60, factor: 3 }, ...hold(3_540, 3)] },
  volume: { about: "Is it as quick with much data?", stages: hold(120, 4), needsData: true },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;

/** What a level makes of a shape. */
export interface Level {
  readonly about: string;
  /** Multiplies every rate. @default 1 */
  readonly rate?: number;
  /** Multiplies every duration. @default 1 */
  readonly time?: number;
  /** For some seconds of each period the rate is so many times as high. */
  readonly bursts?: { readonly everySeconds: number; readonly seconds: number; readonly factor: number };
  /** Grow from nothing to the shape's highest rate over its whole time. */
  readonly gradual?: true;
}

export const LEVELS = {
  normal: { about: "an ordinary day" },
  peak: { about: "the busiest hour", rate: 2 },
  burst: { about: "people who come at once, again and again", bursts: { everySeconds: 15, seconds: 3, factor: 4 } },
  sustained: { about: "busy, and for long", rate: 1.5, time: 2 },
  gradual: { about: "a ramp from nothing to the highest rate", gradual: true },
} as const satisfies Record<string, Level>;

export type LevelName = keyof typeof LEVELS;
