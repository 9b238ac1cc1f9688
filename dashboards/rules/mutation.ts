import { rules } from "./index.ts";
import { scoreOf } from "./mutants.ts";

/** Share of the mutants that the cases must notice. */
const WANTED = 0.95;

/** Changes every number, window, operator and label of every rule, one at a time, and says which changes no case notices. */
export async function mutate(only: string | undefined, say: (line: string) => void): Promise<boolean> {
  const sum = { killed: 0, survived: 0, invalid: 0 };
  for (const rule of rules.filter(({ name, severity }) => severity !== "heartbeat" && (!only || name === only))) {
    const { killed, survived, invalid } = await scoreOf(rule);
    sum.killed += killed;
    sum.survived += survived.length;
    sum.invalid += invalid;
    say(`${rule.name}: ${killed} of ${killed + survived.length} killed`);
    for (const one of survived) say(`  survived: ${one}`);
  }
  const share = sum.killed / (sum.killed + sum.survived);
  say(
    `${sum.killed} of ${sum.killed + sum.survived} mutants killed (${(share * 100).toFixed(1)} %, wanted ${WANTED * 100} %); ${sum.invalid} more do not load`,
  );
  return share >= WANTED;
}
