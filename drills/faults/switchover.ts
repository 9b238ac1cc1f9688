import { eventually } from "../lib/eventually.ts";
import type { Stack } from "../lib/stack.ts";
import { inPostgres, memberWith } from "../verify/postgres.ts";

const SECONDS = 60;

/** A planned switchover of PostgreSQL: waits until another member is primary, and returns it as `pod/NAME`. */
export async function switchOver(stack: Stack): Promise<string> {
  const before = await memberWith(stack, "primary");
  await eventually("a switchover", SECONDS, async () => {
    // patronictl also ends with 0 where Patroni refused because no candidate is synchronous.
    const answer = await inPostgres(stack, "primary", ["patronictl", "switchover", "--force"]);
    if (!answer.includes("Successfully switched over")) throw new Error(answer);
  });
  return eventually("another primary", SECONDS, async () => {
    const now = await memberWith(stack, "primary");
    if (now === before) throw new Error(`it is ${now}`);
    return now;
  });
}
