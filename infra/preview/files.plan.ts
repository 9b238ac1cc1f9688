import { type Alert, alertsIn } from "../policy/alerts.ts";
import { isMap } from "./differences.plan.ts";
import type { Rendered } from "./types.ts";

/** An alert that is new, gone or another. */
export interface AlertChange {
  alert: string;
  /** What it asks, for how long, and how much it matters: one line. */
  before?: string;
  after?: string;
}

/** A dashboard that is new, gone or another. */
export interface BoardChange {
  uid: string;
  title: string;
  action: "create" | "update" | "delete";
  /** Titles of its panels that are new, gone or another. */
  added: string[];
  removed: string[];
  changed: string[];
}

/** A dashboard's JSON, as far as it is compared. */
export interface Board {
  uid: string;
  title: string;
  panels: { title: string }[];
}

/** Files of ConfigMaps by name, of which the two sides have not the same ones. */
function changedFiles(before: readonly Rendered[], after: readonly Rendered[], wanted: RegExp) {
  const filesOf = (resources: readonly Rendered[]) =>
    resources.flatMap(({ name, inputs }) => {
      const data = inputs.kind === "ConfigMap" ? ((inputs.data ?? {}) as Record<string, string>) : {};
      return Object.entries(data).flatMap(([file, text]): [string, string][] =>
        wanted.test(file) ? [[`${name}/${file}`, text]] : [],
      );
    });
  const [was, is] = [new Map(filesOf(before)), new Map(filesOf(after))];
  const differs = ([file, text]: [string, string], other: Map<string, string>) => other.get(file) !== text;
  return [[...was].filter((one) => differs(one, is)), [...is].filter((one) => differs(one, was))] as const;
}

/** Which alerts differ. */
export function alertChanges(before: readonly Rendered[], after: readonly Rendered[]): AlertChange[] {
  const [was, is] = changedFiles(before, after, /\.ya?ml$/).map(
    (files) => new Map(files.flatMap(([file, text]) => alertsIn(file, text)).map((one) => [one.alert, lineOf(one)])),
  ) as [Map<string, string>, Map<string, string>];
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort()
    .filter((alert) => was.get(alert) !== is.get(alert))
    .map((alert) => ({ alert, ...side("before", was.get(alert)), ...side("after", is.get(alert)) }));
}

const side = (name: "before" | "after", value: string | undefined) => (value === undefined ? {} : { [name]: value });
const lineOf = ({ expr = "", for: wait, labels }: Alert) =>
  `${labels?.severity ?? "no severity"}${wait ? `, for ${wait}` : ""}: ${expr.replaceAll(/\s+/g, " ").trim()}`;

/** Dashboards that differ, by uid, as they were and as they are. */
export function changedBoards(before: readonly Rendered[], after: readonly Rendered[]) {
  const [was, is] = changedFiles(before, after, /\.json$/).map((files) => {
    const boards = files.flatMap(([, text]) => boardIn(text) ?? []);
    return new Map(boards.map((board) => [board.uid, board]));
  }) as [Map<string, Board>, Map<string, Board>];
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort()
    .map((uid) => ({ uid, before: was.get(uid), after: is.get(uid) }));
}

function boardIn(text: string): Board | undefined {
  try {
    const board: unknown = JSON.parse(text);
    return isMap(board) && typeof board.uid === "string" && Array.isArray(board.panels)
      ? (board as unknown as Board)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Which dashboards differ, and which of their panels. */
export function boardChanges(before: readonly Rendered[], after: readonly Rendered[]): BoardChange[] {
  return changedBoards(before, after).map(({ uid, before: was, after: is }) => {
    const panels = (board: Board | undefined) =>
      new Map((board?.panels ?? []).map((panel) => [panel.title, JSON.stringify(panel)]));
    const [old, now] = [panels(was), panels(is)];
    return {
      uid,
      title: (is ?? was)?.title ?? uid,
      action: was && is ? "update" : is ? "create" : "delete",
      added: [...now.keys()].filter((title) => !old.has(title)),
      removed: [...old.keys()].filter((title) => !now.has(title)),
      changed: [...now].filter(([title, text]) => old.has(title) && old.get(title) !== text).map(([title]) => title),
    };
  });
}
