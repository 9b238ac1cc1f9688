import { UserError } from "../lib/provider.ts";
import { at, isMap, listAt, type Props, type Value } from "../lib/values.ts";
import type { Judge, Verdict } from "./verdict.ts";

type Rule = (object: Props) => string | undefined;

/**
 * The judge that an annotation `pulumi.com/waitFor` asks for: `jsonpath={.a.b[0]}[=value]`, `condition=Type[=Status]`, or a JSON
 * array of them, all of which must hold.
 */
export function waitForJudge(text: string): Judge {
  const rules = expressions(text).map(parseRule);
  return {
    onRead: false,
    hasPods: true,
    judge({ object }): Verdict {
      const pending = rules.map((rule) => rule(object)).filter((reason) => reason !== undefined);
      return { ready: pending.length === 0, pending };
    },
  };
}

function expressions(text: string): string[] {
  if (!text.trimStart().startsWith("[")) return [text];
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.length > 0 && list.every((entry) => typeof entry === "string")) return list;
  } catch {
    // The message below says what is expected.
  }
  throw bad(text);
}

function parseRule(text: string): Rule {
  const path = /^jsonpath=\{?\s*([^}=]+?)\s*\}?(?:=(.*))?$/.exec(text);
  if (path?.[1]) return jsonPathRule(steps(path[1], text), path[2], text);
  const condition = /^condition=([^=]+)(?:=(.*))?$/.exec(text);
  if (condition?.[1]) return conditionRule(condition[1], condition[2] ?? "True");
  throw bad(text);
}

function steps(path: string, text: string): (string | number)[] {
  const pattern = /\.((?:[\w-]|\\.)+)|\[(\d+)\]|\['([^']*)'\]/gy;
  const found = [...(path.startsWith(".") || path.startsWith("[") ? path : `.${path}`).matchAll(pattern)];
  const length = found.reduce((sum, match) => sum + match[0].length, 0);
  if (length < path.length) throw bad(text);
  return found.map(([, key, index, quoted]) =>
    index === undefined ? (key?.replaceAll("\\.", ".") ?? quoted ?? "") : Number(index),
  );
}

function jsonPathRule(path: (string | number)[], wanted: string | undefined, text: string): Rule {
  return (object) => {
    const value = at(object, ...path);
    if (wanted === undefined) return value === undefined ? `Waiting for ${text}` : undefined;
    return value !== undefined && asText(value) === wanted
      ? undefined
      : `Waiting for ${text}; it is ${asText(value ?? null)}`;
  };
}

const asText = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));

function conditionRule(type: string, status: string): Rule {
  const same = (a: Value | undefined, b: string) => String(a ?? "").toLowerCase() === b.toLowerCase();
  return (object) => {
    const found = listAt(object, "status", "conditions")
      .filter(isMap)
      .find((entry) => same(entry.type, type));
    const observed = at(found, "observedGeneration");
    const stale = typeof observed === "number" && observed < Number(at(object, "metadata", "generation") ?? 0);
    return found && same(found.status, status) && !stale ? undefined : `Waiting for condition ${type}=${status}`;
  };
}

function bad(text: string): UserError {
  return new UserError(
    `pulumi.com/waitFor: cannot read ${JSON.stringify(text)}; write jsonpath={.status.phase}=Running, condition=Ready, or a JSON array of these`,
  );
}
