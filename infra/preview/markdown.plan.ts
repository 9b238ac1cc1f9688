import { lines } from "./differences.plan.ts";
import { alerts, boards, costs, links, pictureLines, policies } from "./markdown-details.plan.ts";
import type { Report, StackReport } from "./report.plan.ts";
import type { Action, PropertyChange, ResourceChange } from "./types.ts";

/** By this line the comment of an earlier run is found again, and edited. */
export const MARKER = "<!-- media-platform preview-report -->";

/** A change with all stacks in which it is the same. */
interface Grouped extends ResourceChange {
  stacks: string[];
  /** Pods that roll, by stack. */
  pods: Record<string, number>;
}

/** The comment. What stops or interrupts comes first; values, costs and links are folded. */
export function markdown(report: Report): string {
  const { base, stops, stacks, notes, pack, pictures } = report;
  const groups = grouped(stacks);
  const of = (action: Action) => groups.filter((group) => group.action === action);
  const empty = groups.length === 0 && stops.length === 0 && pack.length === 0;
  return [
    MARKER,
    `## Preview: ${verdict(report)}`,
    `Compared with ${base}. Rendered without a cluster; what is the owner's own (addresses, credentials, digests) is a placeholder.`,
    table(stacks),
    section(
      "Stops this change",
      stops.map(({ what, stacks: where, text }) => `- **${what}** (${where.join(", ")}): ${indented(text)}`),
    ),
    section("Replaced", of("replace").map(replacement)),
    section("Deleted", of("delete").map(deletion)),
    section("Pods that roll", groups.filter(({ restart }) => restart).map(restart)),
    section(
      "Created",
      of("create").map(({ title, stacks: where }) => `- ${title} (${where.join(", ")})`),
    ),
    section(
      "Changed without a restart",
      of("update")
        .filter((group) => !group.restart)
        .map(summary),
    ),
    section("Advice of policies", advice(stacks)),
    section("The policy pack itself", pack.length > 0 ? ["```diff", ...pack, "```"] : []),
    section(
      "Notes",
      notes.map((note) => `- ${note}`),
    ),
    empty ? "Nothing would change in any stack." : "",
    details("Values", groups.filter(({ properties }) => properties.length > 0).map(values)),
    details("Who may talk to whom", stacks.flatMap(links)),
    details("Cost", costs(stacks)),
    details("Alerts", alerts(stacks)),
    details("Dashboards", [...boards(stacks), ...pictureLines(pictures)]),
    details("Policies broken and mended", policies(stacks)),
  ]
    .filter(Boolean)
    .join("\n\n")
    .concat("\n");
}

function verdict({ stops, stacks }: Report): string {
  if (stops.length > 0) return `${stops.length} ${stops.length === 1 ? "problem stops" : "problems stop"} this change`;
  const count = stacks.reduce((sum, { changes }) => sum + changes.length, 0);
  if (count === 0) return "nothing changes";
  const pods = stacks.reduce(
    (sum, { changes }) => sum + changes.reduce((n, { restart: r }) => n + (r?.pods ?? 0), 0),
    0,
  );
  return `${count} resources differ, ${pods} pods roll`;
}

function table(stacks: StackReport[]): string {
  if (stacks.length === 0) return "";
  const rows = stacks.map(({ stack, changes, violations }) => {
    const count = (action: Action) => changes.filter((change) => change.action === action).length;
    const rolling = changes.reduce((sum, { restart: r }) => sum + (r?.pods ?? 0), 0);
    const broken = violations.filter(({ level }) => level === "mandatory").length;
    return `| ${stack} | ${count("create")} | ${count("update")} | ${count("replace")} | ${count("delete")} | ${rolling} | ${broken} |`;
  });
  const head = "| stack | created | changed | replaced | deleted | pods that roll | policies broken |";
  return [head, "|---|---|---|---|---|---|---|", ...rows].join("\n");
}

const section = (title: string, items: string[]) => (items.length > 0 ? [`### ${title}`, ...items].join("\n") : "");
const details = (title: string, items: string[]) =>
  items.length > 0 ? `<details><summary>${title}</summary>\n\n${items.join("\n")}\n\n</details>` : "";
const indented = (text: string) =>
  text.includes("\n") ? `\n  \`\`\`\n${text.replaceAll(/^/gm, "  ")}\n  \`\`\`` : text;

/** The same change in several stacks is one line. What names the stack itself is taken as the same. */
function grouped(stacks: StackReport[]): Grouped[] {
  const groups = new Map<string, Grouped>();
  for (const change of stacks.flatMap(({ changes }) => changes)) {
    const { stack, confirmed: _, restart: rolls, ...rest } = change;
    const key = JSON.stringify([rest, rolls?.why])
      .replaceAll(`media-${stack}`, "media-<stack>")
      .replaceAll(`"${stack}"`, '"<stack>"');
    const group = groups.get(key) ?? { ...change, stacks: [], pods: {} };
    if (!group.stacks.includes(stack)) group.stacks.push(stack);
    if (rolls) group.pods[stack] = rolls.pods;
    groups.set(key, group);
  }
  return [...groups.values()];
}

function replacement({ title, stacks, properties, order, stateful, confirmed }: Grouped): string {
  const forcing = properties.filter(({ replaces }) => replaces).map(({ path }) => `\`${path}\``);
  const loud = stateful ? ` **It holds state: ${stateful}.**${confirmed ? " The stack file confirms it." : ""}` : "";
  const when = order === "old first" ? "the old one goes first, so it is away meanwhile" : "the new one comes first";
  return `- ${title} (${stacks.join(", ")}), forced by ${forcing.join(", ")}; ${when}.${loud}`;
}

function deletion({ title, stacks, stateful, confirmed }: Grouped): string {
  const loud = stateful ? `. **It holds state: ${stateful}.**${confirmed ? " The stack file confirms it." : ""}` : "";
  return `- ${title} (${stacks.join(", ")})${loud}`;
}

function restart({ title, pods, restart: rolls }: Grouped): string {
  const counts = Object.entries(pods).map(([stack, count]) => `${stack} ${count}`);
  const why = [...new Set(rolls?.why)].map((reason) => `\`${reason}\``);
  return `- ${title} (${counts.join(", ")})${rolls?.stateful ? ", with data, one after the other" : ""}: ${why.join(", ")}`;
}

function summary({ title, stacks, properties }: Grouped): string {
  const paths = properties.map(({ path }) => `\`${path}\``);
  const shown = paths.length > 6 ? [...paths.slice(0, 6), `${paths.length - 6} more`] : paths;
  return `- ${title} (${stacks.join(", ")}): ${shown.join(", ")}`;
}

function values({ title, stacks, properties }: Grouped): string {
  const changed = properties.flatMap(valueLines);
  return [`**${title}** (${stacks.join(", ")})`, "```diff", ...changed, "```"].join("\n");
}

function valueLines({ path, before, after }: PropertyChange): string[] {
  if (typeof before === "string" && typeof after === "string" && (before + after).includes("\n"))
    return [`# ${path}`, ...lines(before, after)];
  const side = (sign: string, value: unknown) => (value === undefined ? [] : [`${sign} ${path}: ${short(value)}`]);
  return [...side("-", before), ...side("+", after)];
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function advice(stacks: StackReport[]): string[] {
  const found = new Map<string, string[]>();
  for (const { stack, violations } of stacks) {
    for (const { level, policy, resource, where, problem } of violations) {
      if (level !== "advisory") continue;
      const text = `${policy}: ${resource}, \`${where}\` ${problem}`;
      found.set(text, [...(found.get(text) ?? []), stack]);
    }
  }
  return [...found].map(([text, where]) => `- ${text} (${where.join(", ")})`);
}
