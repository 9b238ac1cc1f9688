import { parse } from "yaml";

/** An alert, as far as it is looked at. */
export interface Alert {
  alert: string;
  expr?: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface RuleFile {
  groups?: { rules?: Partial<Alert>[] }[];
}

/** The alerts of a Prometheus rule file; none in a file of another kind. */
export function alertsIn(file: string, text: string): Alert[] {
  if (!/\.ya?ml$/.test(file) || !text.includes("alert:")) return [];
  const { groups } = (parse(text) ?? {}) as RuleFile;
  const rules = (Array.isArray(groups) ? groups : []).flatMap(({ rules: inside = [] }) => inside);
  return rules.filter((rule): rule is Alert => typeof rule.alert === "string");
}
