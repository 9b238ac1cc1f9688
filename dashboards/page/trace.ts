/// <reference lib="dom" />
import { askByHttp } from "../draw/fetch.ts";
import { format } from "../draw/units.ts";

interface Span {
  spanID: string;
  operationName: string;
  startTime: number;
  duration: number;
  processID: string;
  references: { spanID: string }[];
  tags: { key: string; value: unknown }[];
}

interface Trace {
  spans: Span[];
  processes: Record<string, { serviceName: string }>;
}

/** Opens the dialog with the spans of a trace from Jaeger, in the order of their start, each below what called it. */
export async function showTrace(dialog: HTMLDialogElement, traceId: string): Promise<void> {
  const close = document.createElement("form");
  close.method = "dialog";
  close.innerHTML = "<button>Close</button>";
  const content = document.createElement("div");
  dialog.replaceChildren(close, content);
  dialog.showModal();
  try {
    const { data } = (await askByHttp(`/jaeger/api/traces/${traceId}`)) as { data: Trace[] };
    if (data[0]) content.append(...drawTrace(traceId, data[0]));
    else content.textContent = `Jaeger has no trace ${traceId} (any more).`;
  } catch (error) {
    content.textContent = `Jaeger: ${(error as Error).message}`;
  }
}

function drawTrace(traceId: string, { spans, processes }: Trace): HTMLElement[] {
  const first = Math.min(...spans.map(({ startTime }) => startTime));
  const whole = Math.max(...spans.map(({ startTime, duration }) => startTime + duration)) - first || 1;
  const byId = new Map(spans.map((span) => [span.spanID, span]));
  const depth = (span: Span): number => {
    const parent = byId.get(span.references[0]?.spanID ?? "");
    return parent ? depth(parent) + 1 : 0;
  };
  const title = document.createElement("h2");
  title.style.position = "static";
  title.textContent = `Trace ${traceId}: ${spans.length} spans, ${format(whole / 1e6, "s")}`;
  const table = document.createElement("table");
  for (const span of spans.toSorted((a, b) => a.startTime - b.startTime)) {
    const row = table.insertRow();
    const service = processes[span.processID]?.serviceName ?? "";
    row.insertCell().textContent = `${" ".repeat(depth(span) * 3)}${service}: ${span.operationName}`;
    row.insertCell().textContent = format(span.duration / 1e6, "s");
    const bar = document.createElement("div");
    bar.className = span.tags.some(({ key, value }) => key === "error" && value === true) ? "bar error" : "bar";
    Object.assign(bar.style, {
      marginLeft: `${((span.startTime - first) / whole) * 400}px`,
      width: `${(span.duration / whole) * 400}px`,
    });
    row.insertCell().append(bar);
  }
  return [title, table];
}
