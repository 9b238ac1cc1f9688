import type { Drill, DrillContext } from "./drill.ts";
import type { Clock, DrillResult } from "./evidence.ts";
import { messageOf } from "./lib/errors.ts";
import { kubectl, type Stack, targetOf } from "./lib/stack.ts";
import { BACKUP_METRICS } from "./metric-names.ts";
import { call, json } from "./verify/http.ts";
import { inPostgres, memberWith, sql } from "./verify/postgres.ts";

/** One question of the exercise, with what the stack answers now and what would be done. */
interface Step {
  readonly phase: "assessment" | "notification" | "activation" | "validation";
  readonly question: string;
  readonly answer: string;
  readonly next: string;
}

type Ask = (stack: Stack) => Promise<string>;

const QUESTIONS: readonly (Omit<Step, "answer"> & { readonly ask: Ask })[] = [
  {
    phase: "assessment",
    question: "Which member is primary, and who could follow it?",
    ask: async (stack) => {
      const rows = await sql(stack, "primary", "select application_name || ' ' || sync_state from pg_stat_replication");
      return `${await memberWith(stack, "primary")}; standbys: ${rows.replaceAll("\n", ", ") || "none"}`;
    },
    next: "a lost primary is replaced by the synchronous standby; without a standby, the volume or the store brings it back",
  },
  {
    phase: "assessment",
    question: "What does the backup store have?",
    ask: async (stack) => {
      const info = await inPostgres(stack, "primary", ["pgbackrest", "--stanza=main", "--output=json", "info"]);
      const [stanza] = JSON.parse(info) as {
        backup?: { label: string; timestamp: { stop: number } }[];
        archive?: { max: string }[];
      }[];
      const newest = stanza?.backup?.at(-1);
      if (!newest) throw new Error("no backup: after a total loss the stack would begin empty");
      const age = Math.round(Date.now() / 1000 - newest.timestamp.stop);
      return `${stanza?.backup?.length} backups, the newest is ${newest.label}, ${age} s old; WAL until ${stanza?.archive?.at(-1)?.max}`;
    },
    next: "after a total loss `make up` begins from the newest backup and all archived WAL",
  },
  {
    phase: "assessment",
    question: "When was a restore proved last, and how much would have been lost?",
    ask: async (stack) => {
      const value = async (metric: string) => {
        const { prometheusUrl } = await targetOf(stack);
        const url = `${prometheusUrl}/api/v1/query?query=${metric}`;
        const { data } = json<{ data: { result: { value: [number, string] }[] } }>(await call(url), 200);
        return Number(data.result[0]?.value[1] ?? Number.NaN);
      };
      const [at, seconds, lag] = await Promise.all([
        value(BACKUP_METRICS.lastProof),
        value(BACKUP_METRICS.proofDuration),
        value(BACKUP_METRICS.proofLag),
      ]);
      if (!(at > 0)) throw new Error("never: whether the backups can be restored is not known");
      return `${Math.round(Date.now() / 1000 - at)} s ago, in ${seconds.toFixed(1)} s; ${lag.toFixed(1)} s of work were not in the store`;
    },
    next: "the recovery point is what the proof measured; more is not promised",
  },
  {
    phase: "notification",
    question: "Who is told?",
    ask: async (stack) => {
      const { alertmanagerUrl } = await targetOf(stack);
      const receivers = json<{ name: string }[]>(await call(`${alertmanagerUrl}/api/v2/receivers`), 200);
      return receivers.map(({ name }) => name).join(", ");
    },
    next: "a critical alert goes to the people on call; a recovery is announced in the same channels",
  },
  {
    phase: "activation",
    question: "What can activate the recovery?",
    ask: async (stack) => {
      const jobs = await kubectl(stack, ["get", "cronjob", "restore-proof", "-o", "jsonpath={.spec.schedule}"]);
      return `Patroni by itself; by hand \`make drill KIND=pitr\` beside the live database (restore-proof runs ${jobs}), \`make up\` after a total loss`;
    },
    next: "damaged data: restore beside and mend; lost members: wait for Patroni; a lost stack: `make up`",
  },
  {
    phase: "validation",
    question: "How is it known that it works again?",
    ask: async (stack) => `${await sql(stack, "primary", "select count(*) from ledger")} ledger rows to compare with`,
    next: "a user's request from its POST to its delivery, the ledger's chain, and all members in step",
  },
];

/** The plan on paper: each step with what it finds on the stack. Nothing is changed. */
export const tabletop: Drill = {
  summary: "prints the recovery plan with what it finds on the stack; changes nothing",
  destroys: false,
  readOnly: true,
  run: async ({ stack, report }: DrillContext, clock: Clock): Promise<DrillResult> => {
    const steps: Step[] = [];
    const open: string[] = [];
    for (const { ask, ...step } of QUESTIONS) {
      const answer = await clock
        .time(`${step.phase}: ${step.question}`, () => ask(stack))
        .catch((error: unknown) => {
          open.push(step.question);
          return `NOT ANSWERED: ${messageOf(error).split("\n")[0]}`;
        });
      steps.push({ ...step, answer });
      report(`  found: ${answer}`);
      report(`  next:  ${step.next}`);
    }
    return {
      passed: open.length === 0,
      summary: `${steps.length} questions of the plan, ${open.length} without an answer${open.length > 0 ? `: ${open.join(" ")}` : ""}`,
      findings: { steps },
    };
  },
};
