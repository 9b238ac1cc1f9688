import type { Attempt, Incident, IncidentEvent, Reading } from "../model/incidents.ts";
import { messageOf } from "../observability/message.ts";
import type { Deps } from "./deps.ts";

/** Seconds from one moment to another; null while one of them is missing. */
export const seconds = (from: Date | null, to: Date | null) =>
  from && to ? Math.max(0, (to.getTime() - from.getTime()) / 1_000) : null;

/** What the phases of an incident took, in seconds. */
export function phasesOf(incident: Incident, attempts: readonly Attempt[]) {
  const { beganAt, openedAt, acknowledgedAt, resolvedAt } = incident;
  const acted = attempts[0]?.begunAt ?? null;
  return {
    detect: seconds(beganAt, openedAt),
    acknowledge: seconds(openedAt, acknowledgedAt ?? acted),
    mend: seconds(openedAt, attempts.at(-1)?.endedAt ?? null),
    resolve: seconds(beganAt, resolvedAt),
  };
}

/** Markdown from what was recorded; a person goes on editing it. Nothing in it is a guess: what is not known is said. */
export async function writePostMortem(
  deps: Deps,
  incident: Incident,
  events: readonly IncidentEvent[],
  attempts: readonly Attempt[],
  undone: readonly string[],
): Promise<string> {
  const { alert, id, annotations, investigation } = incident;
  const impact = await impactOf(deps, incident);
  return [
    `# Post-mortem: ${alert}`,
    `Incident ${id}, ${incident.severity}, ${incident.category}. ${annotations.summary ?? ""}`,
    "## Impact",
    impact,
    "## Times",
    table(
      ["phase", "seconds"],
      Object.entries(phasesOf(incident, attempts)).map(([phase, took]) => [
        `time to ${phase}`,
        took?.toFixed(1) ?? "-",
      ]),
    ),
    "## Time line (UTC)",
    events.map(({ at, actor, message }) => `- ${clock(at)} ${actor}: ${oneLine(message)}`).join("\n"),
    "## What was tried",
    attempts.length > 0
      ? attempts
          .map(tried)
          .concat(undone.map((line) => `- ${line}`))
          .join("\n")
      : "No playbook acted.",
    "## Evidence",
    investigation ? evidence(investigation.metrics) : "There was no investigation.",
    ...(investigation?.lists ?? []).map(
      ({ title, lines }) => `${title}:\n\n${lines.map((line) => `- ${oneLine(line)}`).join("\n")}`,
    ),
    ...(investigation?.trace ? [`Trace ${investigation.trace.id}: ${investigation.trace.summary}`] : []),
    "## Cause",
    causeOf(incident, attempts),
    "## Follow-ups",
    `- [ ] Confirm or correct the cause.\n- [ ] Read ${annotations.runbook_url ?? "the runbook"} once more: was it of help?`,
  ].join("\n\n");
}

const clock = (at: Date) => at.toISOString().slice(0, 19).replace("T", " ");
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim();

function tried({ number, playbook, outcome, results }: Attempt): string {
  return `- Try ${number}, ${playbook}: ${outcome ?? "without an end"}. ${(results ?? []).map(oneLine).join("; ")}`;
}

/** As far as the evidence says: what was acted on, and that it helped. */
function causeOf({ progress, escalatedAt }: Incident, attempts: readonly Attempt[]): string {
  const helped = attempts.findLast(({ outcome }) => outcome === "done");
  if (helped && !escalatedAt) {
    const about = helped.targets.map((target) => `${target.id} (${JSON.stringify(target.about)})`).join("; ");
    return `The alert ended after ${helped.playbook} had acted on ${about}. What made it so is to be found by a person.`;
  }
  return `Not known: ${progress.reason ?? "the alert ended without an action of the responder"}`;
}

async function impactOf({ prometheus, now }: Deps, { beganAt, resolvedAt }: Incident): Promise<string> {
  const window = Math.max(60, Math.ceil(seconds(beganAt, resolvedAt ?? now()) ?? 60));
  const sum = async (selector: string) => {
    const [sample] = await prometheus.query(`sum(increase(gateway_http_responses_total${selector}[${window}s]))`);
    return sample?.value ?? 0;
  };
  try {
    const [all, errors] = await Promise.all([sum(""), sum('{status=~"5.."}')]);
    const share = all > 0 ? `${((errors / all) * 100).toFixed(2)} %` : "no share: there was no traffic";
    return `In ${window} s the gateway gave ${Math.round(all)} answers; ${Math.round(errors)} were errors (${share}).`;
  } catch (error) {
    return `Not known: Prometheus did not answer (${messageOf(error)}).`;
  }
}

function evidence(metrics: readonly Reading[]): string {
  const figure = (value: number | null | undefined, unit: string) =>
    value === null || value === undefined ? "-" : `${Number(value.toPrecision(4))} ${unit}`.trim();
  return table(
    ["figure", "10 min before", "at the start", "when found", "after"],
    metrics.map(({ title, unit, before, atStart, found, after }) => [
      title,
      ...[before, atStart, found, after].map((value) => figure(value, unit)),
    ]),
  );
}

function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => oneLine(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
