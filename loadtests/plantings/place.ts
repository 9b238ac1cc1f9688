import { setUpstreamFault } from "@media/drills/faults/upstream-failing";
import { kubectl, type Stack } from "@media/drills/stack";
import { inPostgres, sql } from "@media/drills/verify/postgres";
import { openInspector } from "../profiling/inspector.ts";

/** A stack as plantings reach it. */
export interface Place {
  /** Runs SQL on the primary, statement by statement, and returns its rows. */
  sql(statements: string): Promise<string>;
  /** Starts SQL on the primary that lasts; it ends with its backend. */
  begin(statements: string): void;
  /** Runs a shell script in the container of PostgreSQL's primary. */
  shell(script: string): Promise<string>;
  /** Evaluates JavaScript in the process of an api pod. */
  evaluate(expression: string): Promise<void>;
  /** Runs a command of the cache Redis and returns its reply. */
  cache(...command: readonly string[]): Promise<string>;
  /** Knobs of the double of TMDB; none: it is well. */
  upstream(knobs: object): Promise<void>;
  /** Patches the api's Deployment and waits until its pods are as it says. */
  patchApi(patch: object): Promise<void>;
  /** Replaces the pods of the api, and with them whatever was put into their processes. */
  restartApi(): Promise<void>;
  /** Deploys the stack with these keys of its configuration changed; none: as it is configured. */
  deploy(changes: Readonly<Record<string, number>>): Promise<void>;
}

/** By kubectl. Only who owns the Pulumi program can deploy. */
export function placeOf(stack: Stack, deploy: Place["deploy"]): Place {
  const rolledOut = () => kubectl(stack, ["rollout", "status", "deployment/api", "--timeout=180s"]);
  return {
    sql: (statements) => sql(stack, "primary", statements, { oneByOne: true }),
    begin: (statements) => void sql(stack, "primary", statements, { oneByOne: true }).catch(() => {}),
    shell: (script) => inPostgres(stack, "primary", ["sh", "-c", script]),
    async evaluate(expression) {
      const pods = await kubectl(stack, ["get", "pods", "-l", "app.kubernetes.io/name=api", "-o", "name"]);
      const inspector = await openInspector(stack, pods.split("\n")[0] ?? "", "api");
      try {
        await inspector.send("Runtime.evaluate", { expression });
      } finally {
        await inspector.close();
      }
    },
    cache(...command) {
      // The password comes from its file: among the arguments the list of processes would show it.
      const script = 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli "$@"';
      const exec = ["exec", "deployment/redis-cache", "-c", "redis-cache", "--", "sh", "-c", script, "redis-cli"];
      return kubectl(stack, [...exec, ...command]);
    },
    upstream: (knobs) => setUpstreamFault(stack, "tmdb", knobs),
    async patchApi(patch) {
      await kubectl(stack, ["patch", "deployment", "api", "--type=strategic", "-p", JSON.stringify(patch)]);
      await rolledOut();
    },
    async restartApi() {
      await kubectl(stack, ["rollout", "restart", "deployment/api"]);
      await rolledOut();
    },
    deploy,
  };
}
