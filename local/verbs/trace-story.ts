/** A trace as Jaeger's API gives it, as far as it is shown. Times are microseconds since 1970. */
export interface JaegerTrace {
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

export interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly startTime: number;
  readonly duration: number;
  readonly processID: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

export interface LogLine {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly line: string;
}

/** One line for each span and log line: when (from the first), how long, indented below the parent; errors are marked. */
export function story({ spans, processes }: JaegerTrace, logs: readonly LogLine[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanID, span]));
  const shownSpans = spans.map((span) => ({
    at: span.startTime,
    text: `${"  ".repeat(depthOf(span, byId))}${processes[span.processID]?.serviceName ?? "?"} ${span.operationName}${failed(span) ? "  ERROR" : ""}`,
    took: `${(span.duration / 1_000).toFixed(1)} ms`,
  }));
  const shownLogs = logs.map(({ at, line }) => ({ at, text: `| ${said(line)}`, took: "" }));
  const all = [...shownSpans, ...shownLogs].sort((a, b) => a.at - b.at);
  const first = all[0]?.at ?? 0;
  return all.map(
    ({ at, text, took }) => `${((at - first) / 1_000).toFixed(1).padStart(9)} ms ${took.padStart(11)}  ${text}`,
  );
}

function depthOf(span: JaegerSpan, byId: ReadonlyMap<string, JaegerSpan>): number {
  const parent = byId.get(span.references.find(({ refType }) => refType === "CHILD_OF")?.spanID ?? "");
  return parent && parent !== span ? depthOf(parent, byId) + 1 : 0;
}

const failed = ({ tags }: JaegerSpan) => tags.some(({ key, value }) => key === "error" && value === true);

/** The message of a JSON line with its component and level; any other line as it is. */
function said(line: string): string {
  try {
    const {
      level = "",
      component = "",
      msg = line,
      status = "",
      path = "",
    } = JSON.parse(line) as Record<string, string>;
    return [level, component, msg, status, path].filter((part) => part !== "").join(" ");
  } catch {
    return line;
  }
}
