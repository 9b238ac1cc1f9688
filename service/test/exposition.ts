/** A sample's name, whose ending a histogram or summary adds. */
const SAMPLE = /^([a-z_:][a-z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/i;

/** What `promtool check metrics` would say of Prometheus' text format, as far as our metrics could go wrong. */
export function lint(text: string): string[] {
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const seen = new Set<string>();
  const complaints: string[] = [];
  for (const line of text.split("\n").filter(Boolean)) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === "HELP" && rest !== "") helps.add(name);
    else if (kind === "TYPE") {
      types.set(name, rest);
      complaints.push(...ofFamily(name, rest, helps));
    } else complaints.push(...ofSample(line, types, seen));
  }
  return complaints;
}

function ofFamily(name: string, type: string, helps: Set<string>): string[] {
  const counts = name.endsWith("_total");
  return [
    ...(helps.has(name) ? [] : [`${name}: no help text`]),
    ...(type === "counter" && !counts ? [`${name}: a counter should end in _total`] : []),
    ...(type !== "counter" && counts ? [`${name}: a ${type} should not end in _total`] : []),
    ...(/_(gauge|counter|histogram)(_|$)/.test(name) ? [`${name}: the type is in the name`] : []),
    ...(/_(ms|milliseconds|minutes|hours|kilobytes|percent)(_|$)/.test(name) ? [`${name}: not a base unit`] : []),
  ];
}

function ofSample(line: string, types: Map<string, string>, seen: Set<string>): string[] {
  const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
  const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
  if (!types.has(family)) return [`not of a family that was announced: ${line}`];
  if (!/^[-+]?(\d[\d.e+-]*|Inf|Nan)$/i.test(value)) return [`not a number: ${line}`];
  const series = `${name}{${labels}}`;
  if (seen.has(series)) return [`twice: ${series}`];
  seen.add(series);
  return [];
}
