import type { Result } from "../results/result.ts";
import { findingsOf } from "../verdict/shape.ts";
import { bottleneck } from "./bottleneck.ts";
import { errorsOf, percent, row, saturated, sentence } from "./words.ts";

/** The report in short, for a pull request. */
export function markdownReport(result: Result): string {
  const { run, tool, config, verdicts, steps, generator } = result;
  const lines = steps.map((step) => ({ name: `${step.journey} / ${step.name}`, ...row([step]) }));
  const all = { name: "all", ...row(steps) };
  const errors = errorsOf(result);
  const near = saturated(result);
  return `## Load test: ${config.shape} (${config.level}), stack ${run.stack}, ${tool.name}

**${sentence(result)}**
${findingsOf(result)
  .map((finding) => `\n${finding}`)
  .join("")}

${table(
  ["objective", "measured by", "wanted", "measured", "events", "verdict"],
  verdicts.map((one) => [
    one.objective,
    one.source,
    percent(one.wanted),
    one.measured === null ? "–" : percent(one.measured),
    one.events,
    one.verdict,
  ]),
)}

${table(
  ["step", "requests", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms"],
  [all, ...lines].map((one) => [one.name, one.requests, one.failed, one.p50, one.p95, one.p99, one.max]),
)}
${
  errors.length > 0
    ? `\n${table(
        ["step", "problem", "status", "requests"],
        errors.slice(0, 10).map((one) => [one.step, one.type, one.status, one.count]),
      )}\n`
    : ""
}
Bottleneck: ${bottleneck(result).head}.
Near a limit: ${near.length > 0 ? near.slice(0, 5).join("; ") : "nothing above 80 %"}.
Generator: ${generator.cpuSeconds.toFixed(1)} s of CPU, late by ${(generator.latenessP99Us / 1_000).toFixed(1)} ms (99th percentile). Seed ${config.seed}, run \`${run.id}\`.
`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
