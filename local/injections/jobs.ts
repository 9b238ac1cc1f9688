import { BACKUP_METRICS, DRILL_METRICS, SCHEDULED_DRILL } from "@media/drills/metric-names";
import { kubectl, type Target } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import type { Injected } from "./injection.ts";

/** These alerts are about what Jobs push, so that a push is the fault itself: a Job that stands still, or that failed. */

const PROOF = { path: "job/restore-proof", cronJob: "restore-proof" };
const DRILL = { path: `job/drill/kind/${SCHEDULED_DRILL}`, cronJob: "continuous-drill" };
/** Older than any limit. */
const LONG_AGO_SECONDS = 10 * 86_400;

async function push({ pushgatewayUrl }: Target, group: string, method: "POST" | "PUT" | "DELETE", text?: string) {
  const answer = await call(`${pushgatewayUrl}/metrics/${group}`, { method, ...(text === undefined ? {} : { text }) });
  if (answer.status >= 300) throw new Error(`Pushgateway answered ${answer.status}: ${answer.text.slice(0, 200)}`);
}

const gauge = (name: string, value: number, labels = "") => `# TYPE ${name} gauge\n${name}${labels} ${value}\n`;

interface Family {
  readonly metrics: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: string }[];
}
type Group = { readonly labels: Readonly<Record<string, string>> } & { readonly [name: string]: unknown };

/** The value of a metric in a group of Pushgateway; undefined where it has none. Pure. */
export function pushed(groups: readonly Group[], group: string, name: string): number | undefined {
  const parts = group.split("/");
  const wanted = Object.fromEntries(
    parts.flatMap((part, n) => (n % 2 === 0 ? [[part, parts[n + 1] ?? ""]] : [])),
  ) as Record<string, string>;
  const found = groups.find(
    ({ labels }) =>
      Object.keys(labels).length === Object.keys(wanted).length &&
      Object.entries(wanted).every(([label, value]) => labels[label] === value),
  );
  const value = (found?.[name] as Family | undefined)?.metrics[0]?.value;
  return value === undefined ? undefined : Number(value);
}

const keptValue = async ({ pushgatewayUrl }: Target, group: string, name: string) =>
  pushed(json<{ data: Group[] }>(await call(`${pushgatewayUrl}/api/v1/metrics`), 200).data, group, name);

/** The Job's time of a last success becomes long ago; the Job's next run, or the kept value, brings it back. */
function stoodStill({ path, cronJob }: typeof PROOF, metric: string): Injected {
  const kept = `injection_kept_${metric}`;
  return {
    by: "injection",
    fault: `the Jobs of CronJob ${cronJob} are suspended, and the last one was ten days ago`,
    undone: "the CronJob goes on, and has its time back",
    seconds: 120,
    async inject({ target }) {
      await suspend(target, cronJob, true);
      const was = await keptValue(target, path, metric);
      if (was === undefined) throw new Error(`no Job has pushed ${metric} yet`);
      // What is that old was left by a run that was killed: its own is kept already.
      if (was > Date.now() / 1_000 - LONG_AGO_SECONDS / 2) await push(target, path, "POST", gauge(kept, was));
      await push(target, path, "POST", gauge(metric, Date.now() / 1_000 - LONG_AGO_SECONDS));
    },
    async undo({ target }) {
      const was = await keptValue(target, path, kept);
      if (was !== undefined) await push(target, path, "POST", gauge(metric, was));
      await suspend(target, cronJob, false);
    },
  };
}

const suspend = ({ stack }: Target, cronJob: string, suspended: boolean) =>
  kubectl(stack, ["patch", "cronjob", cronJob, "--type=merge", "-p", JSON.stringify({ spec: { suspend: suspended } })]);

/** A Job of its own name tells of a failure. */
function failed(group: string, fault: string, text: string): Injected {
  return {
    by: "injection",
    fault,
    undone: "what it told is forgotten",
    seconds: 120,
    inject: ({ target }) => push(target, group, "PUT", text),
    undo: ({ target }) => push(target, group, "DELETE"),
  };
}

/** Of backups, proofs and drills. */
export const JOBS = {
  BackupOld: stoodStill(PROOF, BACKUP_METRICS.lastCompleted),
  RestoreProofOld: stoodStill(PROOF, BACKUP_METRICS.lastProof),
  DrillOld: stoodStill(DRILL, DRILL_METRICS.lastRun),
  RestoreProofFailed: failed(
    "job/injection-proof",
    "a restore proof tells that the store is damaged",
    gauge(BACKUP_METRICS.proofFailure, 1, '{reason="injected"}'),
  ),
  DrillFailed: failed("job/drill/kind/injection", "a drill tells that it failed", gauge(DRILL_METRICS.passed, 0)),
} as const satisfies Record<string, Injected>;
