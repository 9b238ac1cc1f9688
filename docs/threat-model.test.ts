import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { rules } from "@media/dashboards/rules";
import { diagramsOf } from "./coverage.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
const PARTS = ["Actors", "Vector", "Prevention", "Detection", "Response", "Recovery", "Shown by"];
const GROUPS = {
  actors: ["ExternalHackers", "InsiderThreats", "Competitors", "NationStates"],
  vectors: ["WebAttacks", "NetworkAttacks", "SocialEngineering", "PhysicalAttacks"],
  threats: ["DataBreaches", "ServiceDisruption", "FinancialFraud", "ReputationDamage"],
};

/** The rows of the document: title and text. */
const rowsOf = (text: string) =>
  text
    .split(/^### /m)
    .slice(1)
    .map((row) => ({ title: row.split("\n")[0] ?? "", text: row.split(/^## /m)[0] ?? "" }));

/** The alerts that a row names: after "alert:" or "alerts:", in its detection. */
function alertsOf(text: string): string[] {
  const [, named = ""] = /^- Detection: .*?\balerts?: ?(.*)$/im.exec(text) ?? [];
  return named.replaceAll(/`[^`]*`/g, "").match(/\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b/g) ?? [];
}

/** What a row lacks, and the files it names that are not there. */
function problemsOf({ title, text }: { title: string; text: string }): string[] {
  const lacking = PARTS.filter((part) => !new RegExp(`^- ${part}: \\S.{8,}`, "m").test(text));
  const paths = [...text.matchAll(/`([\w./-]+\/[\w./-]+)`/g)].map(([, path = ""]) => path);
  const missing = paths.filter((path) => !existsSync(join(ROOT, path)));
  const [, shown = ""] = /^- Shown by: (.*)$/m.exec(text) ?? [];
  const unproven = /`[\w./-]+`|accepted/i.test(shown) ? [] : ["neither a proof nor an accepted risk"];
  const alerts = alertsOf(text).filter((name) => !rules.some((rule) => rule.name === name));
  const nameless = alerts.map((name) => `alert ${name} is not there`);
  return [
    ...nameless,
    ...lacking.map((part) => `no ${part}`),
    ...missing.map((path) => `${path} is not there`),
    ...unproven,
  ].map((what) => `${title}: ${what}`);
}

const rows = rowsOf(read("threat-model.md"));

describe("the threat model", () => {
  test("every row is whole, and every file it names is there", () => {
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.flatMap(problemsOf)).toEqual([]);
  });

  test("every vector meets every threat once, and every actor has a row", () => {
    const named = rows.map(({ text }) => /^- Vector: `(\w+)`; threat: `(\w+)`$/m.exec(text)?.slice(1).join(" "));
    const wanted = GROUPS.vectors.flatMap((vector) => GROUPS.threats.map((threat) => `${vector} ${threat}`));
    expect(named.sort()).toEqual(wanted.sort());
    for (const actor of GROUPS.actors) expect(rows.some(({ text }) => text.includes(`\`${actor}\``))).toBe(true);
  });

  test("speaks of what the diagram draws", () => {
    const spec = readdirSync(join(import.meta.dirname, "spec"))
      .map((name) => read(`spec/${name}`))
      .flatMap(diagramsOf);
    const drawn = spec.find(({ slug }) => slug === "security-threat-model")?.nodes ?? [];
    expect(drawn).toEqual(expect.arrayContaining(Object.values(GROUPS).flat()));
  });

  test("each kind of detection has an alert that some row names", () => {
    const named = new Set(rows.flatMap(({ text }) => alertsOf(text)));
    const kinds = {
      "brute force": "LoginsRefused",
      "token abuse": "TokensInvalid",
      "privilege probing": "RightsProbed",
      "unusual egress": "EgressUnusual",
      "mass export": "DataReadInBulk",
      "many errors of one client": "ClientErrorsMany",
    };
    expect(Object.entries(kinds).filter(([, alert]) => !named.has(alert))).toEqual([]);
  });

  test("a row with an alert that does not exist is found", () => {
    const [row] = rows.filter(({ text }) => text.includes("RightsProbed"));
    const renamed = { title: "x", text: row?.text.replace("RightsProbed", "RightsTried") ?? "" };
    expect(problemsOf(renamed)).toEqual(["x: alert RightsTried is not there"]);
  });

  test("a row without recovery, with a file that is not there, and without a proof is found", () => {
    const bad =
      "x\n- Actors: `NationStates`\n- Vector: `A`; threat: `B`\n- Prevention: see `no/such/file.ts`\n- Detection: by looking\n- Response: by hand, quickly\n- Shown by: nothing at all\n";
    expect(rowsOf(`### ${bad}`).flatMap(problemsOf)).toEqual([
      "x: no Recovery",
      "x: no/such/file.ts is not there",
      "x: neither a proof nor an accepted risk",
    ]);
  });
});
