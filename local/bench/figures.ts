import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { type Summary, summaryOf } from "@media/drills/sample";
import { parse } from "yaml";
import { REPO } from "../lib/paths.ts";

/** What is measured, in which unit, and how far it may go. */
export interface Subject {
  readonly name: string;
  readonly unit: string;
  /** The upper bound, or the lower bound where `atLeast` is set. A figure without a bound is there to compare others with. */
  readonly bound?: number;
  readonly atLeast?: true;
}

/** One line of docs/figures.md. */
export interface Figure extends Subject, Summary {
  readonly measuredAt: string;
  readonly machine: string;
}

const JSON_FILE = join(REPO, "docs/figures.json");
const MARKDOWN = join(REPO, "docs/figures.md");
const CAUSES = join(REPO, "docs/figures.causes.yaml");

/** Why a figure misses its bound, and what it would take, by its name. */
export type Causes = Readonly<Record<string, { readonly cause: string; readonly take: string }>>;

export const readCauses = async (): Promise<Causes> => parse(await readFile(CAUSES, "utf8"));

export const readFigures = async (): Promise<Figure[]> =>
  existsSync(JSON_FILE) ? JSON.parse(await readFile(JSON_FILE, "utf8")) : [];

/** Describes the machine: processors, memory, kernel. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()} ${arch()}`;
}

/**
 * Writes the figure of values that were measured just now, on this machine.
 *
 * @param values at least one
 */
export function recordValues({ name, unit, bound, atLeast }: Subject, values: readonly number[]): Promise<void> {
  const subject = { name, unit, ...(bound !== undefined && { bound }), ...(atLeast && { atLeast }) };
  return record([{ ...subject, ...summaryOf(values), measuredAt: new Date().toISOString(), machine: machine() }]);
}

/** Writes figures to docs/. A new figure replaces an older one of the same name. */
export async function record(figures: readonly Figure[]): Promise<void> {
  const before = await readFigures();
  const names = new Set(figures.map((figure) => figure.name));
  const all = [...before.filter((figure) => !names.has(figure.name)), ...figures].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  await writeFile(JSON_FILE, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(MARKDOWN, render(all, await readCauses()));
}

/** Renders the page. Pure. */
export function render(figures: readonly Figure[], causes: Causes = {}): string {
  const rows = figures.map((f) => {
    const bound = f.bound === undefined ? "none" : `${f.atLeast ? "≥ " : ""}${f.bound} ${f.unit}`;
    return `| ${f.name} | ${bound} | ${show(f.median)} ${f.unit} | ${show(f.min)} to ${show(f.max)} | ${f.n} | ${verdictOf(f)} | ${f.measuredAt.slice(0, 10)} |`;
  });
  const machines = [...new Set(figures.map((figure) => figure.machine))];
  return [
    "# Figures",
    "",
    "Written by `make bench`; not edited by hand. Median and spread of n runs on a shared machine, so a single slow run says little.",
    "",
    ...machines.map((line) => `Machine: ${line}.`),
    "",
    "| figure | bound | median | spread | n | verdict | measured |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
    ...missed(figures, causes),
  ].join("\n");
}

function missed(figures: readonly Figure[], causes: Causes): string[] {
  const lines = figures.filter(isMissed).map(({ name }) => {
    const { cause, take } = causes[name] ?? { cause: "not known yet.", take: "to find it." };
    return `- **${name}**: ${cause} It would take: ${take}`;
  });
  return lines.length > 0 ? ["## Missed, and why", "", ...lines, ""] : [];
}

export const isMissed = (figure: Figure) => verdictOf(figure) === "missed";

function verdictOf({ bound, atLeast, median, min, max }: Figure): string {
  if (bound === undefined) return "";
  const [worst, keeps] = atLeast ? [min, (value: number) => value >= bound] : [max, (value: number) => value <= bound];
  return keeps(worst) ? "kept" : keeps(median) ? "kept by the median only" : "missed";
}

const show = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
