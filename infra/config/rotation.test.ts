import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import {
  CREDENTIALS,
  type CredentialName,
  credentialsOf,
  type Generations,
  SETTLE_SECONDS,
  validOf,
} from "./credentials.ts";
import { rotationPlan, type Step } from "./rotation.ts";

const steps = (plan: Step[]) => plan.map(({ name, names, waitSeconds }) => [name, names.join(" "), waitSeconds]);
/** The generations of one credential that are accepted after each step, the one that is used first. */
const accepted = (plan: Step[], name: CredentialName) =>
  plan.map(({ generations }) => validOf(generations[name] ?? { generation: 1 }).accepted);

test("what is accepted beside another is accepted first, then used, then alone", () => {
  const plan = rotationPlan("dev", "redis-state", {});
  expect(steps(plan)).toEqual([
    ["accepted", "redis-state", SETTLE_SECONDS],
    ["used", "redis-state", SETTLE_SECONDS],
    ["alone", "redis-state", 0],
  ]);
  expect(accepted(plan, "redis-state")).toEqual([[1, 2], [2, 1], [2]]);
});

test("at no step a value is used that was not accepted before it, and none is dropped that was used before it", () => {
  for (const stack of ["base", "dev"]) {
    const plan = rotationPlan(stack, "all", {});
    const two = credentialsOf(stack).filter((name) => CREDENTIALS[name].manner === "two");
    expect(two.length).toBeGreaterThan(1);
    for (const name of two) {
      let before = [1];
      for (const valid of accepted(plan, name)) {
        expect(before).toContain(valid[0]);
        expect(valid).toContain(before[0]);
        before = valid;
      }
      expect(before).toEqual([2]);
    }
  }
});

/** As the service has it; its module does not leave its package. */
function lifeOfTokens(): number {
  const text = readFileSync(new URL("../../service/src/auth/tokens.ts", import.meta.url), "utf8");
  return Number(/ACCESS_SECONDS = (\d+);/.exec(text)?.[1]);
}

test("the old key of tokens stays until its last token has expired", () => {
  const [, used] = rotationPlan("dev", "token-key, redis-cache", {});
  expect(used?.names).toEqual(["redis-cache", "token-key"]);
  expect(used?.waitSeconds).toBeGreaterThan(lifeOfTokens());
});

test("what has one value at a time takes one step, the application's login after PgBouncer's look-up", () => {
  const plan = rotationPlan("dev", "database postgres-pooler", {});
  expect(steps(plan)).toEqual([
    ["accepted", "postgres-pooler", SETTLE_SECONDS],
    ["used", "database", 0],
  ]);
  expect(plan.at(-1)?.generations).toEqual({ "postgres-pooler": { generation: 2 }, database: { generation: 2 } });
});

describe("a rotation that was cut off", () => {
  const cutOff: Generations = { "redis-state": { generation: 4, next: "used" }, database: { generation: 2 } };

  test("is brought to its end, its last step once more, and nothing else is begun", () => {
    const plan = rotationPlan("dev", "all", cutOff);
    expect(steps(plan)).toEqual([
      ["used", "redis-state", SETTLE_SECONDS],
      ["alone", "redis-state", 0],
    ]);
    expect(plan[0]?.generations).toEqual(cutOff);
    expect(plan[1]?.generations).toEqual({ ...cutOff, "redis-state": { generation: 5 } });
  });
});

test.each([
  ["dev", "backup-store", /stack dev generates no backup-store; name all, or of database, .*certificates/],
  ["base", "database", /stack base generates no database/],
  ["dev", "", /name what to replace/],
])("in stack %s %s is refused with what there is", (stack, what, message) => {
  expect(() => rotationPlan(stack, what, {})).toThrow(message);
});
