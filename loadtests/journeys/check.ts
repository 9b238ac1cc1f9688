import { readFileSync } from "node:fs";
import { CONTRACT } from "@media/service/contract";
import type { Operation } from "@media/service/contract/operation";
import { UserError } from "../lib/errors.ts";
import { JOURNEYS } from "./index.ts";
import type { Journey, Step, Value } from "./journey.ts";

const OPERATIONS: Readonly<Record<string, Operation>> = CONTRACT;
const PARTS = ["params", "query", "body"] as const;

/** The operation of a step; that it is there has been checked before. */
export const operationOf = (step: Step): Operation => CONTRACT[step.operation];

/**
 * The journeys of that name, all where there is none, or those of a JSON file.
 * @throws UserError that names every step which the API could not answer
 */
export function journeysOf(name: string | undefined): readonly Journey[] {
  const chosen = name?.endsWith(".json") ? fromFile(name) : JOURNEYS.filter((journey) => !name || journey.name === name);
  const names = JOURNEYS.map((journey) => journey.name).join(", ");
  if (chosen.length === 0) throw new UserError(`no journey is called "${name}"`, `take one of ${names}, or a .json file`);
  const problems = problemsOf(chosen);
  if (problems.length > 0)
    throw new UserError(
      ["a journey cannot be used:", ...problems.map((problem) => `  ${problem}`)].join("\n"),
      "mend the steps; the operations and what they take are in service/src/http/contract/",
    );
  return chosen;
}

function fromFile(path: string): readonly Journey[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path} cannot be read as journeys: ${(error as Error).message}`, "give a JSON list of journeys");
  }
  if (!Array.isArray(parsed) || !parsed.every((one) => typeof one?.name === "string" && Array.isArray(one.steps)))
    throw new UserError(`${path} is not a list of journeys`, "give a JSON list of { name, about, weight, steps }");
  return parsed;
}

/** What is wrong with journeys, each with its place. */
export function problemsOf(journeys: readonly Journey[]): string[] {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const { name, weight, steps } of journeys) {
    if (!(weight > 0)) problems.push(`journey ${name}: its weight must be above 0`);
    const saved = new Set<string>();
    steps.forEach((step, index) => {
      const at = `journey ${name}, step ${index + 1} "${step.name}"`;
      if (names.has(step.name)) problems.push(`${at}: another step has this name`);
      names.add(step.name);
      problems.push(...problemsOfStep(step, saved).map((problem) => `${at}: ${problem}`));
      for (const key of Object.keys(step.save ?? {})) saved.add(key);
    });
  }
  return problems;
}

function problemsOfStep(step: Step, saved: ReadonlySet<string>): string[] {
  const operation = OPERATIONS[step.operation];
  if (!operation) return [`the API has no operation "${step.operation}"`];
  const problems: string[] = [];
  if (step.share !== undefined && !(step.share >= 0 && step.share <= 1)) problems.push("its share must be from 0 to 1");
  if (!operation.answers[step.status ?? 200]) problems.push(`${step.operation} never answers ${step.status ?? 200}`);
  for (const part of PARTS) {
    const known = Object.entries(operation[part]?.shape ?? {});
    const given = step[part] ?? {};
    for (const key of Object.keys(given))
      if (!known.some(([name]) => name === key)) problems.push(`${step.operation} has no ${part} "${key}"`);
    for (const [key, schema] of known)
      if (!(key in given) && !schema.safeParse(undefined).success) problems.push(`${part} "${key}" is missing`);
    for (const [key, value] of Object.entries<Value>(given))
      if (typeof value === "object" && "saved" in value && !saved.has(value.saved))
        problems.push(`${part} "${key}" takes "${value.saved}", which no step before it saves`);
  }
  return problems;
}
