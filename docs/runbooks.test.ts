import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Known, problemsOf, type Workload } from "@media/drills/verify/runbook-checks";
import { type Command, commandsIn, filled, statementsOf, wordsOf } from "@media/drills/verify/runbook-commands";
import { type Servers, startServers } from "@media/service/test/servers";
import pg from "pg";
import { parseAllDocuments } from "yaml";

/** Every command of every runbook is one that can be given: ring 4 gives them (local/e2e/runbooks.ts). */
const ROOT = join(import.meta.dirname, "..");
const runbooks = readdirSync(join(ROOT, "docs/runbooks")).filter((file) => file.endsWith(".md"));
const commands = runbooks.flatMap((file) =>
  commandsIn(file.slice(0, -3), readFileSync(join(ROOT, "docs/runbooks", file), "utf8")),
);
const commandOf = (text: string, kind: Command["kind"] = "shell"): Command => ({ runbook: "Test", text, kind });
const each = (kind: Command["kind"]) =>
  commands.filter((one) => one.kind === kind).map((one) => [one.runbook, one.text, one] as const);

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    template?: Pod;
    jobTemplate?: { spec: { template: Pod } };
  };
}
interface Pod {
  metadata: { labels: Record<string, string> };
  spec: { containers: { name: string }[]; initContainers?: { name: string; restartPolicy?: string }[] };
}

/** The golden manifests of the stack that is drawn in full. */
function workloads(): Workload[] {
  const text = readFileSync(join(ROOT, "infra/test/__golden__/staging.yaml"), "utf8");
  const objects = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  return objects.flatMap(({ kind, metadata, spec }) => {
    const pod = spec?.template ?? spec?.jobTemplate?.spec.template;
    if (!pod?.spec?.containers) return [];
    // A sidecar is an init container that goes on.
    const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
    const containers = [...pod.spec.containers, ...sidecars].map(({ name }) => name);
    return [{ kind, name: metadata.name, replicas: spec.replicas ?? 1, labels: pod.metadata.labels, containers }];
  });
}

const makefile = readFileSync(join(ROOT, "Makefile"), "utf8");
const matches = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name)),
];
const known: Known = {
  workloads: workloads(),
  verbs: matches(makefile, /^([a-z][a-z-]*):/gm),
  variables: [...matches(makefile, /\$\(([A-Z_]+)\)/g), ...matches(makefile, /\b([A-Z]+)=/g)],
};

const VALUES = {
  namespace: "media-dev",
  container: "api",
  primary: "postgres-0",
  member: "postgres-0",
  pod: "api-0000000000-00000",
  deployment: "api",
  replicas: "1",
  pid: "0",
  trace: "0".repeat(32),
};

describe("commands of the runbooks", () => {
  test("are found, of every kind", () => {
    expect(each("shell").length).toBeGreaterThan(60);
    expect(each("sql").length).toBeGreaterThan(5);
    expect(each("promql").length).toBeGreaterThan(2);
    expect(known.workloads.length).toBeGreaterThan(15);
  });

  test.each(each("shell"))("%s: %s names what exists", (_name, text, command) => {
    expect(problemsOf(command, known)).toEqual([]);
    // A shell parses it.
    execFileSync("bash", ["-n", "-c", filled(text, VALUES)]);
  });

  test.each([
    ["kubectl -n NS logs postgres-0 -c postgress --tail=5", "postgres-0 has no container postgress"],
    ["kubectl -n NS logs postgres-9", "there is no pod postgres-9"],
    ["kubectl -n NS logs postgres-0 -c postgres --tale=5", "kubectl logs has no flag --tale"],
    ["kubectl -n NS get pods -l app.kubernetes.io/name=apis", "no pod has the labels app.kubernetes.io/name=apis"],
    ["kubectl -n NS rollout undo deployment/apis", "there is no deployment apis"],
    ["kubectl -n NS get deploys", "runbooks know no kind deploys"],
    ["kubectl -n MS get pods", "no namespace MS"],
    ["kubectl -n NS explode pods", "kubectl has no verb explode that runbooks use"],
    ["kubectl -n NS scale deployment/api --replicas", "kubectl scale: --replicas has no value"],
    ["kubectl -n NS exec redis-state-0 -- redis-cli info", "redis-cli without a password is refused by the server"],
    ["kubectl -n NS exec postgres-0 -c postgres -- patronictl lists", "patronictl has no lists"],
    ["kubectl -n NS exec postgres-0 -c postgres -- psgl", "runbooks know no program psgl"],
    ["kubectl -n NS get pods | awk x", "awk is no filter that runbooks use"],
    ["kubectl -n NS get pods -l 'x", "a quotation does not end"],
    ["make explode", "make has no verb explode"],
    ["make drill COLOUR=red", "make reads no variable COLOUR"],
    ["pulumi explode", "pulumi has no explode"],
  ])("the control: %s is found", (text, problem) => {
    expect(problemsOf(commandOf(text), known)).toEqual([expect.stringContaining(problem)]);
  });

  test("words are read as a shell reads them", () => {
    expect(wordsOf(`a "b c" 'd "e"' f'g'h "" | i`)).toEqual([["a", "b c", 'd "e"', "fgh", ""], ["i"]]);
  });
});

describe("statements of the runbooks, by a real PostgreSQL with the service's tables,", () => {
  let servers: Servers;
  let client: pg.Client;
  beforeAll(async () => {
    servers = await startServers();
    client = new pg.Client({ host: "127.0.0.1", port: servers.postgresPort, user: "postgres", database: "media" });
    await client.connect();
    const folder = join(ROOT, "service/migrations");
    for (const file of readdirSync(folder).sort()) await client.query(readFileSync(join(folder, file), "utf8"));
    // The view of what statements cost is an extension that the platform loads.
    await client.query(
      "CREATE TABLE pg_stat_statements (query text, calls bigint, mean_exec_time float8, total_exec_time float8)",
    );
  });
  afterAll(async () => {
    await client?.end();
    await servers?.stop();
  });

  const statements = commands.flatMap((command) =>
    statementsOf(command).map((sql) => [command.runbook, filled(sql, VALUES)] as const),
  );
  /** Without effect; a statement that cannot be prepared is given. */
  const prepare = async (sql: string) => {
    if (/^checkpoint$/i.test(sql)) return client.query(sql);
    await client.query(`PREPARE one AS ${sql}`);
    return client.query("DEALLOCATE one");
  };

  test.each(statements)("%s: %s", async (_name, sql) => void (await prepare(sql)));

  test("the control: a column that is not there is found", async () => {
    expect(statements.length).toBeGreaterThan(15);
    await expect(prepare("select nothing from pg_stat_activity")).rejects.toThrow(/does not exist/);
  });
});

test("expressions of the runbooks are ones that Prometheus reads, of metrics that there are", () => {
  const catalogue = JSON.parse(readFileSync(join(ROOT, "dashboards/catalogue.json"), "utf8")) as Record<string, string>;
  const folder = mkdtempSync(join(tmpdir(), "media-runbooks-"));
  const check = (exprs: string[]) => {
    const rules = exprs.map((expr, n) => ({ record: `r${n}`, expr }));
    writeFileSync(join(folder, "rules.json"), JSON.stringify({ groups: [{ name: "runbooks", rules }] }));
    execFileSync("promtool", ["check", "rules", join(folder, "rules.json")], { stdio: "pipe" });
  };
  const expressions = each("promql").map(([, text]) => text);
  check(expressions);
  expect(() => check(["rate(x[5m)"])).toThrow();
  rmSync(folder, { recursive: true });
  const named = expressions.flatMap((expr) => expr.match(/\b[a-z]+(_[a-z0-9]+)+\b(?!\s*\()/g) ?? []);
  expect(named.filter((name) => !(name in catalogue))).toEqual([]);
});
