/** The part of Grafana's version 1 JSON that is drawn. */
export interface BoardJson {
  uid: string;
  title: string;
  description?: string;
  refresh?: string;
  time: { from: string; to: string };
  templating?: { list?: VariableJson[] };
  annotations?: { list?: { name: string; expr?: string; titleFormat?: string; iconColor: string }[] };
  panels: PanelJson[];
}

/** A picker above the board. */
export interface VariableJson {
  name: string;
  label?: string;
  type: string;
  query?: unknown;
  includeAll?: boolean;
  allValue?: string;
}

export interface PanelJson {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  timeFrom?: string;
  targets?: TargetJson[];
  fieldConfig?: {
    defaults: {
      unit?: string;
      decimals?: number;
      min?: number;
      max?: number;
      thresholds?: { steps: { value: number | null; color: string }[] };
      mappings?: { type: string; options: Record<string, { text: string; color: string }> }[];
      custom?: { stacking?: { mode: string }; thresholdsStyle?: { mode: string }; fillOpacity?: number };
    };
  };
  options?: { reduceOptions?: { calcs: string[] }; graphMode?: string };
  transformations?: {
    id: string;
    options: { indexByName: Record<string, number>; renameByName: Record<string, string> };
  }[];
}

export interface TargetJson {
  refId: string;
  expr: string;
  legendFormat?: string;
  instant?: boolean;
  maxLines?: number;
  /** @default the panel's own */
  datasource?: { uid?: string };
}

/** One line of a panel: its name, its labels, and points of time (seconds) and value. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  points: [number, number][];
}

export interface LogLine {
  /** Nanoseconds since 1970, as text. */
  time: string;
  labels: Record<string, string>;
  text: string;
}

/** A request that stands for others, with the trace that shows it. */
export interface Exemplar {
  time: number;
  value: number;
  traceId: string;
}

export interface PanelData {
  series: Series[];
  logs: LogLine[];
  exemplars: Exemplar[];
  /** Why there is no data, for the reader. */
  error?: string;
}

/** From and to in seconds since 1970. */
export interface Range {
  from: number;
  to: number;
}

/** A panel that cannot be drawn as its JSON says: what, and where. */
export class PanelError extends Error {
  constructor(panel: Pick<PanelJson, "id" | "title">, what: string) {
    super(`panel ${panel.id} "${panel.title}": ${what}`);
  }
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** "24h" in seconds. */
export function duration(text: string): number {
  const found = /^(\d+)([smhdw])$/.exec(text);
  if (!found) throw new Error(`"${text}" is not a duration such as 5m or 24h`);
  return Number(found[1]) * (SECONDS[found[2] as string] as number);
}

/** "now-1h" to "now" as seconds. */
export function rangeOf(from: string, now: number): Range {
  return { from: now - duration(from.replace(/^now-/, "")), to: now };
}
