import { LATENCY_OBJECTIVES } from "@media/service/objectives";
import { decode, merged } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { rateAt } from "../shapes/expand.ts";
import { findingsOf } from "../verdict/shape.ts";
import { bottleneck, costOfAnswers, costOfRoutes, questions } from "./bottleneck.ts";
import { capacityOf } from "./capacity.ts";
import { CHART_STYLE, draw, drawTier, over, percentileTick, spectrum, thinned } from "./charts.ts";
import { errorsOf, ms, percent, row, saturated, sentence } from "./words.ts";

/** One page that needs nothing but itself. */
export function htmlReport(result: Result): string {
  const { run, tool, config, verdict } = result;
  const title = `${tool.name}, ${config.shape}, ${run.stack}: ${verdict === "none" ? "no verdict" : verdict}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(`Load test ${title}`)}</title><style>${STYLE}</style></head><body>
<h1>Load test <small>${escapeHtml(run.id)}</small></h1>
<p class="verdict ${verdict.replace(" ", "-")}">${escapeHtml(sentence(result))}</p>
${[about, objectives, shapeAnswer, limits, latency, steps, errors, slowest, generator, resources].map((part) => part(result)).join("\n")}
</body></html>
`;
}

function about({ run, tool, model, config, versions }: Result): string {
  return table(
    ["", ""],
    [
      ["tool", `${tool.name}, ${tool.version}`],
      ["model", model === "open" ? "open: sessions begin at their moment, whatever became of those before" : "closed"],
      ["latency", tool.latency],
      [
        "shape",
        `${config.shape} at level ${config.level}, base rate ${config.rate} sessions/s, ${Math.round(config.seconds)} s`,
      ],
      ["journeys", config.journeys.join(", ")],
      ["target", `stack ${run.stack}, ${run.target}`],
      ["time", `${run.startedAt} to ${run.endedAt}`],
      ["repeat it with", `SEED=${config.seed} TITLE_OFFSET=${config.titleOffset}; plan ${config.plan.slice(0, 16)}`],
      [
        "versions",
        Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(", "),
      ],
    ],
  );
}

function objectives({ verdicts }: Result): string {
  const rows = verdicts.map(({ objective, source, about, wanted, measured, events, verdict }) => [
    objective,
    source,
    about,
    percent(wanted),
    measured === null ? "–" : percent(measured),
    String(events),
    verdict,
  ]);
  return `<h2>Objectives</h2>${table(["objective", "measured by", "good events", "wanted", "measured", "events", "verdict"], rows)}`;
}

function shapeAnswer(result: Result): string {
  const found = findingsOf(result);
  return found.length > 0 ? `<h2>What the shape shows</h2>${list(found)}` : "";
}

function limits(result: Result): string {
  const { head, evidence, help } = bottleneck(result);
  const costs = costOfAnswers(result);
  const routes = costOfRoutes(result);
  return `<h2>Bottleneck</h2><p><b>${escapeHtml(head)}</b></p>${evidence.length > 0 ? list(evidence) : ""}
${help.length > 0 ? `<h3>What may help</h3>${list(help)}` : ""}
<h3>How it was found</h3>${table(["question", "answer", "measured"], questions(result))}
${costs.length > 0 ? `<h3>CPU of an answer</h3>${table(["tier", "cores", "ms of CPU an answer"], costs)}` : ""}
${routes.length > 0 ? `<h3>Time of requests by route</h3>${table(["route", "share of all", "answers a second", "mean ms"], routes)}` : ""}
<h3>Capacity</h3>${list(capacityOf(result))}`;
}

function latency({ steps: measured, intervals, config }: Result): string {
  const asked = measured.filter((step) => step.requests > step.failed);
  const all = merged(asked.map((step) => decode(step.histogram)));
  const { seconds } = LATENCY_OBJECTIVES["http answers"];
  const ticks = { yLog: true, yTick: (value: number) => String(value) };
  const planned = intervals.map(({ atSeconds }) => [atSeconds, rateAt(config.stretches, atSeconds) / 60] as const);
  return `<h2>Latency and rate</h2>${[
    draw({
      title: "Distribution of latencies, by step",
      lines: [spectrum("all", all), ...asked.map((step) => spectrum(step.name, decode(step.histogram)))],
      x: "percentile",
      y: "ms",
      xLog: true,
      xTick: percentileTick,
      bounds: [{ name: `objective ${seconds} s`, y: seconds * 1_000 }],
      height: 360,
      ...ticks,
    }),
    draw({
      title: "Latency over time",
      lines: (["p50Us", "p95Us", "p99Us", "maxUs"] as const).map((key) => ({
        name: key.replace("Us", ""),
        points: over(
          intervals.filter((interval) => interval[key] > 0),
          (interval) => interval[key] / 1_000,
        ),
      })),
      x: "s",
      y: "ms",
      ...ticks,
    }),
    draw({
      title: "Requests a second",
      lines: [
        { name: "answered well", points: over(intervals, (interval) => interval.requests - interval.failed) },
        { name: "failed", points: over(intervals, (interval) => interval.failed) },
        { name: "sessions begun (planned)", points: thinned(planned), dashed: true },
      ],
      x: "s",
      y: "per second",
    }),
    draw({
      title: "Users at once",
      lines: [{ name: "sessions begun and not ended", points: over(intervals, (interval) => interval.users) }],
      x: "s",
      y: "sessions",
      height: 200,
    }),
  ].join("")}`;
}

function steps({ steps: measured, run }: Result): string {
  const line = (name: string, of: typeof measured) => {
    const { requests, failed, skipped, p50, p95, p99, max } = row(of);
    const rate = (requests / Math.max(1, run.seconds)).toFixed(2);
    return [name, String(requests), rate, String(failed), String(skipped), p50, p95, p99, max];
  };
  const rows = [line("all", measured), ...measured.map((step) => line(`${step.journey} / ${step.name}`, [step]))];
  return `<h2>Steps</h2>${table(["step", "requests", "per second", "failed", "skipped", "p50 ms", "p95 ms", "p99 ms", "max ms"], rows)}`;
}

function errors(result: Result): string {
  const rows = errorsOf(result).map(({ step, type, status, count }) => [
    step,
    type,
    status === 0 ? "no answer" : String(status),
    String(count),
  ]);
  const found = rows.length > 0 ? table(["step", "problem", "status", "requests"], rows) : "<p>None.</p>";
  return `<h2>Errors</h2>${found}`;
}

function slowest({ slowest: slow }: Result): string {
  const rows = slow
    .slice(0, 10)
    .map(({ step, atSeconds, us, status, traceId }) => [
      step,
      atSeconds.toFixed(1),
      ms(us),
      String(status),
      traceId ?? "–",
    ]);
  return `<h2>Slowest requests</h2>${table(["step", "ended at s", "ms", "status", "trace"], rows)}`;
}

function generator({ generator: own, sessions, generatorLimited, run }: Result): string {
  const cores = (own.cpuSeconds / Math.max(1, run.seconds)).toFixed(2);
  return `<h2>The generator itself</h2>${table(
    ["", ""],
    [
      ["CPU", `${own.cpuSeconds.toFixed(1)} s, ${cores} cores`],
      ["late, 99th percentile", `${ms(own.latenessP99Us)} ms`],
      [
        "sessions",
        `${sessions.begun} begun of ${sessions.planned} planned, ${sessions.ended} ended, ${own.dropped} given up`,
      ],
      ["was it the limit?", generatorLimited ?? "no"],
    ],
  )}`;
}

function resources(result: Result): string {
  const { series, missing } = result.resources;
  const near = saturated(result);
  const tiers = [...Map.groupBy(series, ({ tier }) => tier)].map(
    ([tier, group]) =>
      `<h3>${escapeHtml(tier)}</h3><div class="grid">${drawTier(group, result.run.startedAt).join("")}</div>`,
  );
  return `<h2>Resources</h2>
<h3>Near a limit</h3>${near.length > 0 ? list(near) : "<p>Nothing was above 80 % of what it has.</p>"}
${missing.length > 0 ? `<h3>Not seen</h3>${list(missing)}` : ""}
${tiers.join("\n")}`;
}

const list = (lines: readonly string[]) => `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (kind: string, texts: readonly string[]) =>
    texts.map((text) => `<${kind}${kind === "td" ? classOf(text) : ""}>${escapeHtml(text)}</${kind}>`).join("");
  const header = head.some(Boolean) ? `<tr>${cells("th", head)}</tr>` : "";
  return `<table>${header}${rows.map((texts) => `<tr>${cells("td", texts)}</tr>`).join("")}</table>`;
}

const CLASSES: Readonly<Record<string, string>> = { met: "met", "not met": "not-met", "no data": "none" };
const classOf = (text: string) => (CLASSES[text] ? ` class="${CLASSES[text]}"` : "");

const escapeHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const STYLE = `body{font:14px/1.45 system-ui,sans-serif;max-width:1100px;margin:24px auto;padding:0 16px;color:#1f2937}
h1{font-size:22px}h1 small{font-weight:400;color:#6b7280;font-size:13px}h2{font-size:17px;margin-top:32px;border-bottom:1px solid #e5e7eb}h3{font-size:14px;margin:20px 0 4px}
table{border-collapse:collapse;margin:8px 0}th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid #f3f4f6;vertical-align:top;font-variant-numeric:tabular-nums}th{color:#6b7280;font-weight:600}
.verdict{padding:10px 14px;border-radius:6px;font-weight:600;background:#f3f4f6}.verdict.met{background:#dcfce7;color:#14532d}.verdict.not-met{background:#fee2e2;color:#7f1d1d}.verdict.none{background:#fef3c7;color:#78350f}
td.met{color:#15803d;font-weight:600}td.not-met{color:#b91c1c;font-weight:600}td.none{color:#b45309}
.grid{display:flex;flex-wrap:wrap;gap:8px}svg{max-width:100%;height:auto}${CHART_STYLE}`;
