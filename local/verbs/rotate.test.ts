import { expect, test } from "@jest/globals";
import { credentialsOf } from "@media/infra/credentials";
import { rotationPlan } from "@media/infra/rotation";
import { inWords } from "./rotate.ts";

test("a dry run says of each credential what is valid in between and which pods go, then the steps", () => {
  const lines = inWords(rotationPlan("dev", "redis-state,dev-token", { "redis-state": { generation: 3 } }));
  expect(lines[0]).toMatch(
    /^redis-state, generation 4: .+ In between: .+; replaces the pods of api, worker, responder$/,
  );
  expect(lines[1]).toMatch(/^dev-token, generation 2: /);
  expect(lines.slice(2)).toEqual([
    "step 1 of 3: the new ones are accepted beside the old ones; what has one value at a time is replaced (redis-state, dev-token), then 150 s",
    "step 2 of 3: the new ones are used; the old ones are still accepted (redis-state, dev-token), then 150 s",
    "step 3 of 3: the old ones are refused (redis-state, dev-token)",
  ]);
});

test("all of a stack is said, once each", () => {
  for (const stack of ["base", "dev"]) {
    const plan = rotationPlan(stack, "all", {});
    const lines = inWords(plan);
    expect(lines).toHaveLength(credentialsOf(stack).length + plan.length);
    for (const name of credentialsOf(stack))
      expect(lines.filter((line) => line.startsWith(`${name},`))).toHaveLength(1);
  }
});
