import type { State, Trial } from "./state.ts";

/** A decision record of what a tuning changed, to be read, corrected and committed by a person. */
export function recordOf({ stack, startedAt, endedAt, load, trials, end }: State): string {
  const kept = trials.filter(({ outcome }) => outcome === "kept");
  const title = kept.length > 0 ? kept.map(({ key, to }) => `${key} ${to}`).join(", ") : "no change";
  const settings = Object.entries(load)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  return `# Tuning of stack ${stack}: ${title}

Draft, written by \`make tune\` on ${(endedAt ?? startedAt).slice(0, 10)}. Load: ${settings}.

## What was found

${trials.length > 0 ? trials.map(trialText).join("\n\n") : "No change was tried."}

## Decision

${kept.length > 0 ? `${kept.map(({ key, from, to }) => `\`${key}\` is ${to} instead of ${from} in Pulumi.${stack}.yaml.`).join(" ")}` : "The configuration stays as it was."}
The tuning ended: ${end ?? "not yet"}.
`;
}

function trialText({ kind, key, from, to, why, evidence, runs, outcome, better, worse, unchanged }: Trial): string {
  const list = (head: string, lines: readonly string[] = []) =>
    lines.length > 0 ? [`${head}:`, ...lines.map((line) => `- ${line}`)] : [];
  return [
    `### ${kind}: \`${key}\` from ${from} to ${to}, ${outcome ?? "not decided"}`,
    "",
    `Tried because ${why}. ${runs.length} runs on each side.`,
    "",
    ...list("Evidence", evidence),
    ...list("Better", better),
    ...list("Worse", worse),
    ...list("No change", unchanged),
  ].join("\n");
}
