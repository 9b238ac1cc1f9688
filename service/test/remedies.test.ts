import { readdirSync, readFileSync } from "node:fs";
import { alertsOf, REMEDIES } from "../src/model/remedies.ts";
import { PLAYBOOKS } from "../src/responder/playbooks/index.ts";

const RUNBOOKS = new URL("../../docs/runbooks/", import.meta.url);
const NAMES = [...new Set(Object.values(REMEDIES))].sort();

/** Playbooks that a runbook names, in the order of the alphabet. */
const namedIn = (text: string) => NAMES.filter((name) => text.includes(`\`${name}\``));
const runbooks = readdirSync(RUNBOOKS)
  .filter((file) => file.endsWith(".md") && file !== "README.md")
  .map((file) => [file.slice(0, -3), readFileSync(new URL(file, RUNBOOKS), "utf8")] as const);

test("each remedy is a playbook, each playbook is a remedy, and it knows its alerts", () => {
  expect(PLAYBOOKS.map(({ name }) => name).sort()).toEqual(NAMES);
  for (const { name, alerts } of PLAYBOOKS) expect([name, alerts]).toEqual([name, alertsOf(name)]);
});

test.each(runbooks)("the runbook %s names the playbook of its alert, and no other", (alert, text) => {
  const remedy = Object.entries(REMEDIES).find(([name]) => name === alert)?.[1];
  expect(namedIn(text)).toEqual(remedy ? [remedy] : []);
});

test("each remedy has a runbook; the control: a text without the name is noticed", () => {
  expect(runbooks.map(([alert]) => alert)).toEqual(expect.arrayContaining(Object.keys(REMEDIES)));
  expect(namedIn("The responder runs scale-out.")).toEqual([]);
});

test("every playbook has bounds: tries, targets, and a pause between tries", () => {
  for (const { name, maxTries, most, cooldownSeconds } of PLAYBOOKS)
    expect([name, maxTries >= 1 && maxTries <= 3, most >= 1 && most <= 5, cooldownSeconds >= 20]).toEqual([
      name,
      true,
      true,
      true,
    ]);
});
