import type { Evidence, Phase, Plot } from "./evidence.ts";

const WIDTH = 920;
const LABELS = 300;
const ROW = 22;

/** Evidence as one page that needs nothing else: the verdict, a time line of the phases, what was counted, the findings. Pure. */
export function pageOf(evidence: Evidence): string {
  const { kind, stack, passed, summary, startedAt, endedAt, rtoSeconds, rpoSeconds, phases, findings, plot } = evidence;
  const facts = [
    ["stack", `${stack} (${evidence.namespace}, ${evidence.context})`],
    ["from", startedAt],
    ["to", endedAt],
    ...(rtoSeconds === undefined ? [] : [["recovery time (RTO)", `${rtoSeconds} s`]]),
    ...(rpoSeconds === undefined ? [] : [["recovery point (RPO)", `${rpoSeconds} s`]]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Drill ${text(kind)} of ${text(stack)}: ${passed ? "passed" : "failed"}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2330; background: #fff; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.passed { color: #1a7f37; } .failed { color: #b42318; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top; }
pre { background: #f4f6f9; padding: 1rem; overflow: auto; font-size: 13px; }
svg text { font: 12px system-ui, sans-serif; fill: #1c2330; }
.bar { fill: #4a6fa5; } .bar.error, .fault { fill: #b42318; } .count { fill: #7d9ec9; } .axis { stroke: #c3cad5; }
</style>
</head>
<body>
<h1>Drill <code>${text(kind)}</code>: <span class="${passed ? "passed" : "failed"}">${passed ? "passed" : "failed"}</span></h1>
<p>${text(summary)}</p>
<table>${facts.map(([name, value]) => `<tr><th>${text(name)}</th><td>${text(value)}</td></tr>`).join("")}</table>
<h2>Time line</h2>
${timeline(phases, Date.parse(startedAt), Date.parse(endedAt))}
${plot && plot.counts.length > 0 ? `<h2>${text(capital(plot.label))}</h2>\n${chart(plot)}` : ""}
<h2>Findings</h2>
<pre>${text(JSON.stringify(findings, null, 2))}</pre>
</body>
</html>
`;
}

/** A bar for each phase, at its time. */
function timeline(phases: readonly Phase[], from: number, to: number): string {
  const scale = (WIDTH - LABELS) / Math.max(1, to - from);
  const rows = phases
    .toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
    .map(({ name, startedAt, seconds, error }, i) => {
      const x = LABELS + (Date.parse(startedAt) - from) * scale;
      const title = `${name}: ${seconds} s${error ? `, failed: ${error}` : ""}`;
      const bar = `<rect class="bar${error ? " error" : ""}" x="${fixed(x)}" y="${i * ROW + 4}" width="${fixed(Math.max(2, seconds * 1000 * scale))}" height="${ROW - 8}"><title>${text(title)}</title></rect>`;
      return `<text x="0" y="${i * ROW + 15}">${text(short(name))} · ${seconds} s</text>${bar}`;
    });
  const height = Math.max(1, phases.length) * ROW;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img" aria-label="phases over time">${rows.join("")}</svg>`;
}

const HEIGHT = 160;

/** A column for each step, and a line at each fault. */
function chart({ counts, stepSeconds, faults, from }: Plot): string {
  const most = Math.max(...counts, 1);
  const width = WIDTH / counts.length;
  const columns = counts.map((count, i) => {
    const height = (count / most) * HEIGHT;
    return count === 0
      ? ""
      : `<rect class="count" x="${fixed(i * width)}" y="${fixed(HEIGHT - height)}" width="${fixed(Math.max(0.3, width - 0.2))}" height="${fixed(height)}"/>`;
  });
  const marks = faults.map((at) => {
    const x = fixed((at / stepSeconds) * width);
    return `<rect class="fault" x="${x}" y="0" width="1.5" height="${HEIGHT}"><title>fault after ${at} s</title></rect>`;
  });
  const total = fixed(counts.length * stepSeconds);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 20}" width="100%" role="img" aria-label="count over time">${columns.join("")}${marks.join("")}<line class="axis" x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/><text x="0" y="${HEIGHT + 15}">${text(from)}; ${total} s, one column for ${stepSeconds} s, at most ${most}; red: the fault</text></svg>`;
}

const fixed = (value: number) => Math.round(value * 100) / 100;
const short = (name: string) => (name.length > 40 ? `${name.slice(0, 39)}…` : name);
const capital = (label: string) => label.charAt(0).toUpperCase() + label.slice(1);

function text(value: unknown): string {
  return String(value)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
