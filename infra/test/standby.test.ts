import { beforeAll, expect, test } from "@jest/globals";
import type { Json } from "../config/load.ts";
import { reportOf } from "../preview/report.plan.ts";
import { configOf, SECRET_MARK } from "./fixtures.ts";
import { type Rendered, render } from "./render.ts";

/** Stack dr as a warm standby of prod, promoted, and as it is without either. */

let [standby, promoted, plain]: Rendered[] = [];

const follows = (is: boolean) =>
  configOf("dr", (added) => {
    const backups = added.backups as Record<string, Json>;
    backups.restoreFrom = {
      endpoint: "https://s3.prod.example.com",
      bucket: "media-prod",
      accessKey: `${SECRET_MARK}reader`,
      secretKey: `${SECRET_MARK}reader-key`,
      cipherPass: `${SECRET_MARK}of-the-source`,
    };
    backups.standby = is;
  });

beforeAll(async () => {
  [standby, promoted, plain] = await Promise.all([
    render("dr", {}, follows(true)),
    render("dr", {}, follows(false)),
    render("dr"),
  ]);
}, 300_000);

const named = ({ resources }: Rendered, type: RegExp) =>
  resources.filter((one) => type.test(one.type)).map(({ name }) => name);
const WORKLOAD = /:(Deployment|StatefulSet|DaemonSet|CronJob)$/;
const WRITERS = ["api", "worker", "prober", "responder", "web", "gateway", "restore-proof", "continuous-drill"];
const database = ({ resources }: Rendered) => {
  const found = resources.find(({ type, name }) => type.endsWith(":StatefulSet") && name === "postgres");
  if (!found) throw new Error("the stack has no database");
  return found.inputs.spec as { replicas: number; template: object };
};

test("while it follows, nothing runs that writes to the database, and no address for users is there", () => {
  const workloads = named(standby as Rendered, WORKLOAD);
  expect(workloads.filter((name) => WRITERS.includes(name))).toEqual([]);
  expect(workloads).toEqual(expect.arrayContaining(["postgres", "pgbouncer", "prometheus", "alertmanager"]));
  expect(standby?.outputs).not.toHaveProperty("gatewayUrl");
});

test("promoted, it has all that the stack has without it", () => {
  expect(named(promoted as Rendered, WORKLOAD)).toEqual(named(plain as Rendered, WORKLOAD));
  expect(named(promoted as Rendered, WORKLOAD)).toEqual(expect.arrayContaining(WRITERS));
  expect(Object.keys(promoted?.outputs ?? {}).sort()).toEqual(Object.keys(plain?.outputs ?? {}).sort());
});

test("a promotion replaces no pod of the database: it has more members afterwards, by the same template", () => {
  const [before, after] = [database(standby as Rendered), database(promoted as Rendered)];
  expect([before.replicas, after.replicas]).toEqual([1, 3]);
  expect(after.template).toEqual(before.template);
  // The control: a stack that never followed has another one.
  expect(database(plain as Rendered).template).not.toEqual(before.template);
});

test("it keeps the policies, as a standby too", () => {
  const { stops } = reportOf({
    base: "none",
    notes: [],
    before: [],
    after: [{ stack: "dr", resources: (standby as Rendered).resources, problems: [], confirmed: [] }],
  });
  expect(stops).toEqual([]);
});

test("the source's keys are nowhere but in Secrets", () => {
  const others = standby?.resources.filter(({ type }) => !type.endsWith(":Secret")) ?? [];
  expect(JSON.stringify(others).includes(`${SECRET_MARK}reader`)).toBe(false);
  expect(named(standby as Rendered, /:Secret$/)).toContain("postgres-pgbackrest-source-secrets");
});
