import { expect, test } from "@jest/globals";
import { turnOf } from "./standby.plan.ts";

const file = (settings: object) => ({ kind: "ConfigMap", data: { "shared.json": JSON.stringify(settings) } });
const follows = file({ standby_cluster: { restore_command: "x" } });

test("a promotion, and what would be the opposite, are told; what stays as it is, is not", () => {
  expect(turnOf(follows, file({ standby_cluster: null }))).toMatch(/^the database is promoted/);
  expect(turnOf(file({}), follows)).toMatch(/^the stack would follow another one/);
  for (const [was, is] of [
    [follows, follows],
    [file({}), file({ standby_cluster: null })],
    [{ kind: "Secret" }, follows],
  ] as const)
    expect(turnOf(was, is)).toBeUndefined();
});
