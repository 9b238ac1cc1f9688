import { type Rule, secondsOf } from "@media/dashboards/rules";
import { messageOf } from "@media/drills/errors";
import { eventually } from "@media/drills/eventually";
import { timed } from "../bench/measure.ts";
import type { Entry, Injected, Stage } from "./injection.ts";

/** Seconds in which an alert that still fires from what was before has to end, before its own fault is injected. */
const BEFORE_SECONDS = 900;
const END_SECONDS = 900;

/** What came of one injection. */
export interface Row {
  readonly alert: string;
  readonly outcome: "seen and over" | "seen" | "not seen" | "failed";
  readonly startedAt: string;
  /** Seconds from the injection to the alert. */
  readonly firedAfter?: number;
  /** Seconds from the end of the fault to the end of the alert. */
  readonly overAfter?: number;
  readonly error?: string;
}

/** A way through the table. It is kept after each step, so that a run that was killed is gone on with. */
export interface Journal {
  readonly rows: readonly Row[];
  /** The alert whose fault is there, or may be. */
  readonly underWay?: string;
}

export interface Means {
  readonly stage: Stage & { quiet(): Promise<void> };
  /** Whether the alert fires, as Alertmanager has it. */
  fires(alert: string): Promise<boolean>;
  save(journal: Journal): Promise<void>;
  say(line: string): void;
  /** @throws after a signal */
  throwIfInterrupted(): void;
  /** Of an injection's seconds, the share that is waited for. @default 1 */
  readonly patience?: number;
}

/**
 * Injects one fault after the other, waits for its alert, takes the fault back, and waits for the alert's end. A fault is taken
 * back whatever came: an error, an alert that did not fire, a signal. What an earlier run has done is not done again.
 *
 * @returns the whole journal
 */
export async function goThrough(
  table: Readonly<Record<string, Entry>>,
  before: Journal,
  means: Means,
): Promise<Journal> {
  const { stage, save, say } = means;
  let journal: Journal = before;
  const left = journal.underWay === undefined ? undefined : table[journal.underWay];
  if (left?.by === "injection") {
    say(`${journal.underWay}: an earlier run was cut off, its fault is taken back`);
    await left.undo(stage);
  }
  for (const [alert, entry] of Object.entries(table)) {
    if (entry.by !== "injection" || journal.rows.some((row) => row.alert === alert)) continue;
    means.throwIfInterrupted();
    say(`${alert}: ${entry.fault}`);
    await save({ ...journal, underWay: alert });
    const row = await one(alert, entry, means);
    journal = { rows: [...journal.rows, row] };
    await save(journal);
    say(lineOf(row));
    means.throwIfInterrupted();
  }
  return journal;
}

async function one(alert: string, entry: Injected, means: Means): Promise<Row> {
  const { stage, patience = 1 } = means;
  const startedAt = new Date().toISOString();
  const until = async (wanted: boolean, what: string, seconds: number) => {
    const waited = await timed(async () => {
      let interrupted: unknown;
      await eventually(`${alert} ${what}`, seconds * patience, async () => {
        try {
          means.throwIfInterrupted();
        } catch (error) {
          interrupted = error;
          return;
        }
        if ((await means.fires(alert)) !== wanted) throw new Error(wanted ? "it does not fire" : "it still fires");
      });
      if (interrupted) throw interrupted;
    });
    return Math.round(waited * 10) / 10;
  };
  let firedAfter: number | undefined;
  let error: string | undefined;
  let injected = false;
  try {
    await until(false, "to be over before its fault", BEFORE_SECONDS);
    await entry.inject(stage);
    injected = true;
    firedAfter = await until(true, "to fire", entry.seconds);
  } catch (caught) {
    error = messageOf(caught);
  } finally {
    await stage.quiet();
    await entry.undo(stage);
  }
  const known = { alert, startedAt, ...(firedAfter === undefined ? {} : { firedAfter }) };
  if (firedAfter === undefined)
    return { ...known, outcome: injected ? "not seen" : "failed", ...(error === undefined ? {} : { error }) };
  try {
    return {
      ...known,
      outcome: "seen and over",
      overAfter: await until(false, "to be over", entry.endSeconds ?? END_SECONDS),
    };
  } catch (caught) {
    return { ...known, outcome: "seen", error: messageOf(caught) };
  }
}

const lineOf = ({ alert, outcome, firedAfter, overAfter, error }: Row) =>
  [
    `${alert}: ${outcome}`,
    firedAfter === undefined ? "" : `, fired after ${firedAfter} s`,
    overAfter === undefined ? "" : `, over after ${overAfter} s`,
    error === undefined ? "" : ` (${error})`,
  ].join("");

/** The table of what came, for a person, and how many of all alerts that are. Pure. */
export function reportOf(table: Readonly<Record<string, Entry>>, { rows }: Journal): string[] {
  const injected = Object.values(table).filter(({ by }) => by === "injection").length;
  const all = Object.keys(table).length;
  const seen = rows.filter(({ outcome }) => outcome.startsWith("seen")).length;
  return [
    ...rows.map(lineOf),
    `${seen} of ${injected} injected faults raised their alert; ${injected} of ${all} alerts are injected (${Math.round((injected / all) * 100)} %), the others are replayed`,
  ];
}

/** What does not fit between the rules and the table. Pure. */
export function problemsOf(
  rules: readonly Pick<Rule, "name" | "for">[],
  table: Readonly<Record<string, Entry>>,
): string[] {
  const missing = rules.flatMap(({ name }) => (name in table ? [] : [`${name} is neither injected nor replayed`]));
  const unknown = Object.keys(table).flatMap((name) =>
    rules.some((rule) => rule.name === name) ? [] : [`no rule is named ${name}`],
  );
  const hasty = rules.flatMap((rule) => {
    const { name } = rule;
    const entry = table[name];
    return entry?.by === "injection" && !(entry.seconds > secondsOf(rule))
      ? [`${name} waits ${rule.for}, its injection only ${entry.seconds} s`]
      : [];
  });
  return [...missing, ...unknown, ...hasty];
}
