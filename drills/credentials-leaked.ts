import type { Drill, DrillContext, DrillOptions } from "./drill.ts";
import { type Clock, type DrillResult, secondsSince } from "./evidence.ts";
import { messageOf, UserError } from "./lib/errors.ts";
import { notify } from "./lib/notify.ts";
import { type Stack, targetOf } from "./lib/stack.ts";
import { refuseTarget } from "./pitr.ts";
import { underLoad } from "./steady-load.ts";
import { CREDENTIAL_CHECKS, type CredentialCheck, type Leaked } from "./verify/credentials.ts";
import { journey } from "./verify/journey.ts";

const KIND = "credentials-leaked";
/** What is replaced within minutes; all of them take 40, because the old key of tokens stays for their life. */
const SHORT = "redis-state dev-token";
const JOURNEY_SECONDS = 60;

/** The credentials that an attacker has are replaced while clients use the stack; afterwards the attacker is refused. */
export const credentialsLeaked: Drill = {
  summary: `credentials are known to an attacker and are replaced under load (embedded cluster only; WHAT, default "${SHORT}")`,
  destroys: false,
  check: (options) => {
    refuseTarget(options, KIND);
    checksOf(options.what ?? SHORT);
  },
  run,
};

async function run({ stack, rotate, report }: DrillContext, clock: Clock, options: DrillOptions): Promise<DrillResult> {
  if (!rotate)
    throw new UserError(
      "replacing credentials needs the configuration of the stack",
      "run it on the embedded cluster, by make drill; elsewhere follow docs/credentials.md",
    );
  const what = options.what ?? SHORT;
  const checks = checksOf(what);
  const leaked = (await targetOf(stack)) as Leaked;
  await clock.time("before: a journey", () => journey(leaked));
  const fault = performance.now();
  // The control: before they are replaced the same checks must say that the attacker is let in.
  const before = await clock.time("assessment: what the attacker can use", () => refusals(stack, leaked, checks));
  const told = await clock
    .time("notification", () => notify(leaked, KIND, `A drill: ${what} of ${stack.name} are taken as leaked`))
    .catch((error: unknown) => void report(`the notification failed: ${messageOf(error)}`));
  const { calls, failures } = await clock.time("activation: replaced under load", () =>
    underLoad(stack, () => rotate(what)),
  );
  const after = await clock.time("validation: the attacker is refused", () => refusals(stack, leaked, checks));
  const rtoSeconds = secondsSince(fault);
  const now = (await targetOf(stack)) as Leaked;
  const own = await clock.time("validation: the new ones are accepted", async () => {
    await journey(now, JOURNEY_SECONDS);
    return refusals(stack, now, checks);
  });
  await told?.resolve().catch(() => {});
  return { ...verdict({ before, after, own, calls, failures: failures.length }), rtoSeconds };
}

/** What was found, for each name of a credential whether it was refused. */
export interface LeakFindings {
  readonly before: Readonly<Record<string, boolean>>;
  readonly after: Readonly<Record<string, boolean>>;
  readonly own: Readonly<Record<string, boolean>>;
  readonly calls: number;
  readonly failures: number;
}

/** Passes where the attacker was let in before, is refused afterwards, and no one else noticed. Pure. */
export function verdict(found: LeakFindings): DrillResult {
  const names = Object.keys(found.before);
  const without = (refused: Readonly<Record<string, boolean>>, wanted: boolean) =>
    names.filter((name) => refused[name] !== wanted);
  const open = without(found.after, true);
  const shut = without(found.own, false);
  const controlFails = without(found.before, false).length === 0;
  const complaints = [
    ...(open.length > 0 ? [`the attacker can still use ${open.join(", ")}`] : []),
    ...(shut.length > 0 ? [`the new ${shut.join(", ")} are refused`] : []),
    ...(found.failures > 0 ? [`${found.failures} of ${found.calls} calls failed`] : []),
    ...(controlFails ? [] : ["the check refused the attacker before anything was replaced"]),
  ];
  return {
    passed: complaints.length === 0,
    summary:
      complaints.length === 0
        ? `${names.join(", ")} replaced under load: the old ones are refused, ${found.calls} calls without a failure`
        : complaints.join("; "),
    findings: { ...found, controlFails },
  };
}

async function refusals(stack: Stack, leaked: Leaked, checks: readonly CredentialCheck[]) {
  const found = checks.map(async ({ name, isRefused }) => [name, await isRefused(stack, leaked)] as const);
  return Object.fromEntries(await Promise.all(found));
}

/** The checks of these credentials. @throws UserError where none of them has one */
function checksOf(what: string): readonly CredentialCheck[] {
  const checks = CREDENTIAL_CHECKS.filter(({ name }) => what === "all" || what.split(" ").includes(name));
  if (checks.length > 0) return checks;
  throw new UserError(
    `of "${what}" nothing can be tried as an attacker would`,
    `take all, or of ${CREDENTIAL_CHECKS.map(({ name }) => name).join(", ")}: WHAT="${SHORT}"`,
  );
}
