import type { Violation } from "../policy/types.ts";
import { type Cost, UNITS } from "./cost.plan.ts";
import type { BoardChange } from "./files.plan.ts";
import type { StackReport } from "./report.plan.ts";

/** Who may newly talk to whom, and who no more. */
export function links({ stack, links: { added, removed } }: StackReport): string[] {
  const all = [...added.map((link) => `+ ${link}`), ...removed.map((link) => `- ${link}`)];
  return all.length > 0 ? [`**${stack}**`, "```diff", ...all, "```"] : [];
}

/** What differs in what the stacks ask of their clusters. */
export function costs(stacks: StackReport[]): string[] {
  const rows = stacks.flatMap(({ stack, cost: { before, after } }) =>
    (Object.keys(UNITS) as (keyof Cost)[])
      .filter((key) => before[key] !== after[key])
      .map(
        (key) =>
          `| ${stack} | ${UNITS[key]} | ${round(before[key])} | ${round(after[key])} | ${signed(after[key] - before[key])} |`,
      ),
  );
  return rows.length > 0 ? ["| stack | | before | after | difference |", "|---|---|---|---|---|", ...rows] : [];
}

const round = (value: number) => String(Math.round(value * 10) / 10);
const signed = (value: number) => `${value > 0 ? "+" : ""}${round(value)}`;

/** What several stacks have in common is said once: a text, and the stacks that have it. */
function together(stacks: StackReport[], textsOf: (stack: StackReport) => string[]): [string, string][] {
  const found = new Map<string, string[]>();
  for (const report of stacks)
    for (const text of textsOf(report)) found.set(text, [...(found.get(text) ?? []), report.stack]);
  return [...found].map(([text, where]) => [text, where.join(", ")]);
}

export const alerts = (stacks: StackReport[]): string[] =>
  together(stacks, (report) =>
    report.alerts.map(({ alert, before, after }) =>
      [...(before ? [`- ${alert}, ${before}`] : []), ...(after ? [`+ ${alert}, ${after}`] : [])].join("\n"),
    ),
  ).flatMap(([text, where]) => [`**${where}**`, "```diff", text, "```"]);

const VERBS = { create: "new", update: "changed", delete: "gone" } as const;

export const boards = (stacks: StackReport[]): string[] =>
  together(stacks, (report) => report.boards.map(board)).map(([text, where]) => `- ${text} (${where})`);

function board({ uid, title, action, added, removed, changed }: BoardChange): string {
  const parts = Object.entries({ "new panels": added, "gone panels": removed, "changed panels": changed });
  const shown = parts
    .filter(([, titles]) => titles.length > 0)
    .map(([what, titles]) => `${what}: ${titles.join(", ")}`);
  return `${title} (\`${uid}\`) is ${VERBS[action]}${action === "update" && shown.length > 0 ? `; ${shown.join("; ")}` : ""}`;
}

export const pictureLines = (files: string[]): string[] =>
  files.length > 0 ? ["", `Pictures with made-up numbers: ${files.map((file) => `\`${file}\``).join(", ")}.`] : [];

export function policies(stacks: StackReport[]): string[] {
  const line = ({ policy, resource, where, problem }: Violation) => `${policy}: ${resource}, ${where} ${problem}`;
  const found = together(stacks, ({ policies: { broken, mended } }) => [
    ...broken.map((one) => `+ ${line(one)}`),
    ...mended.map((one) => `- ${line(one)}`),
  ]);
  return found.length > 0 ? ["```diff", ...found.map(([text, where]) => `${text} (${where})`), "```"] : [];
}
