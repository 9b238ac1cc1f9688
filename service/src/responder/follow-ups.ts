import type { FollowedUp } from "../data/repositories/incidents.ts";

/** Something to do after an incident: a checkbox of its post-mortem, where a person adds, changes and closes them too. */
export interface FollowUp {
  /** Its line in the post-mortem, counted from 0. */
  line: number;
  text: string;
  done: boolean;
}

const BOX = /^(\s*[-*] \[)([ xX])(\] )(\S.*)$/;
/** Code is no list, whatever it looks like. */
const FENCE = /^\s*(```|~~~)/;

/** Every checkbox of a post-mortem, in its order. */
export function followUpsOf(markdown: string): FollowUp[] {
  let code = false;
  return markdown.split("\n").flatMap((text, line) => {
    if (FENCE.test(text)) code = !code;
    const [, , mark, , rest = ""] = (!code && BOX.exec(text)) || [];
    return mark === undefined ? [] : [{ line, text: rest.trim(), done: mark !== " " }];
  });
}

/** The post-mortem with this follow-up closed, and by whom; undefined where no open one says this there any more. */
export function closeFollowUp(
  markdown: string,
  { line, text }: Pick<FollowUp, "line" | "text">,
  by: string,
  at: Date,
): string | undefined {
  const open = followUpsOf(markdown).find((one) => one.line === line && one.text === text && !one.done);
  if (!open) return undefined;
  const lines = markdown.split("\n");
  const closed = (lines[line] ?? "").replace(BOX, "$1x$3$4");
  return lines.with(line, `${closed.trimEnd()} (closed by ${by}, ${at.toISOString().slice(0, 10)})`).join("\n");
}

/** What is open, the oldest incident's first. */
export function openFollowUps(incidents: readonly FollowedUp[]) {
  return incidents.flatMap(({ postMortem, ...incident }) =>
    followUpsOf(postMortem)
      .filter(({ done }) => !done)
      .map(({ line, text }) => ({ ...incident, line, text })),
  );
}

export type OpenFollowUp = ReturnType<typeof openFollowUps>[number];
