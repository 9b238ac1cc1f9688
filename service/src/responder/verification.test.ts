import { expect, test } from "@jest/globals";
import { PLAYBOOKS } from "./playbooks/index.ts";
import { quietNeeded } from "./verification.ts";

const named = (wanted: string) => PLAYBOOKS.find(({ name }) => name === wanted);

test.each([
  [15, "restart-stuck-pod", 15],
  [120, "restart-stuck-pod", 60],
  // The control: what is taken back at the end, and what no playbook has mended, waits for the rule's whole time.
  [300, "scale-out", 300],
  [180, "open-breaker", 180],
  [600, "nobody", 600],
])("a rule that waits %d s is quiet for long enough, mended by %s, after %d s", (seconds, playbook, needed) => {
  expect(quietNeeded(seconds, named(playbook))).toBe(needed);
});
