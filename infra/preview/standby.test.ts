import { expect, test } from "@jest/globals";
import { tiers } from "../config/tiers.ts";
import { appliedSettings } from "../data/postgres/patroni.plan.ts";
import { type Plant, renderStacks } from "./planted.fixtures.ts";

const { planted } = await renderStacks("dev");
const FILE = "ConfigMap postgres-patroni";
const settings = (follows: boolean) => JSON.stringify(appliedSettings(tiers.small.postgres, follows));
const put =
  (text: string): Plant =>
  ({ data }) => {
    data["shared.json"] = text;
  };

test("a stack that would follow another one stops the report, until the stack file confirms it", () => {
  const { stops } = planted("dev", FILE, put(settings(true)));
  expect(stops).toHaveLength(1);
  expect(stops[0]?.text).toContain("ConfigMap postgres-patroni changes: the stack would follow another one");
  expect(stops[0]?.text).toContain('add "ConfigMap/postgres-patroni" to `media-platform:confirmReplacements`');
  const confirmed = planted("dev", FILE, put(settings(true)), { confirmed: ["ConfigMap/postgres-patroni"] });
  expect([confirmed.stops, confirmed.notes]).toEqual([[], []]);
});

test("the control: another change of the same file does not stop it", () => {
  const other = settings(false).replace('"ttl":20', '"ttl":25');
  expect(other).toContain('"ttl":25');
  expect(planted("dev", FILE, put(other)).stops).toEqual([]);
});
