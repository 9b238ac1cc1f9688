/** How a number is written, by Grafana's id of its unit. An unknown id is an error: the number would be read wrongly. */
type Format = (value: number, decimals: number | undefined) => string;

const fixed = (value: number, decimals: number) => value.toFixed(decimals);

/** Enough digits to tell neighbours apart, no more. */
function digits(value: number): number {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return 0;
  return size >= 10 ? 1 : 2;
}

const scaled =
  (base: number, names: readonly string[]): Format =>
  (value, decimals) => {
    let rest = value;
    let step = 0;
    while (Math.abs(rest) >= base && step < names.length - 1) {
      rest /= base;
      step++;
    }
    return `${fixed(rest, decimals ?? digits(rest))}${names[step]}`;
  };

const seconds: Format = (value, decimals) => {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 0.001) return `${fixed(value * 1e6, decimals ?? 0)} µs`;
  if (size < 1) return `${fixed(value * 1e3, decimals ?? digits(value * 1e3))} ms`;
  if (size < 120) return `${fixed(value, decimals ?? digits(value))} s`;
  if (size < 7200) return `${fixed(value / 60, decimals ?? 1)} min`;
  return size < 172_800 ? `${fixed(value / 3600, decimals ?? 1)} h` : `${fixed(value / 86_400, decimals ?? 1)} d`;
};

const two = (value: number) => String(Math.floor(value)).padStart(2, "0");

const short = scaled(1000, ["", " K", " Mil", " Bil"]);

const FORMATS: Record<string, Format> = {
  none: (value, decimals) => fixed(value, decimals ?? digits(value)),
  short,
  percentunit: (value, decimals) => `${fixed(value * 100, decimals ?? (Math.abs(value) < 0.1 ? 2 : 1))} %`,
  percent: (value, decimals) => `${fixed(value, decimals ?? 1)} %`,
  s: seconds,
  ms: (value, decimals) => seconds(value / 1000, decimals),
  reqps: (value, decimals) => `${short(value, decimals)} req/s`,
  ops: (value, decimals) => `${short(value, decimals)} ops/s`,
  bytes: scaled(1024, [" B", " KiB", " MiB", " GiB", " TiB"]),
  Bps: (value, decimals) => `${scaled(1000, [" B", " kB", " MB", " GB"])(value, decimals)}/s`,
  dtdhms: (value) =>
    `${Math.floor(value / 86_400)} d ${two((value % 86_400) / 3600)}:${two((value % 3600) / 60)}:${two(value % 60)}`,
};

export function format(value: number, unit = "short", decimals?: number): string {
  const write = FORMATS[unit];
  if (!write) throw new Error(`unit "${unit}" is not known; known are ${Object.keys(FORMATS).join(", ")}`);
  return Number.isFinite(value) ? write(value, decimals) : "no data";
}
