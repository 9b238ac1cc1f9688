import { at, mapAt, numberAt } from "../lib/values.ts";
import { condition, type Judge, type Moment, type Verdict } from "./verdict.ts";

/** What any object says of itself by convention (sigs.k8s.io/cli-utils kstatus); without any word on it, it is ready. */
function judge({ object }: Moment): Verdict {
  const pending = (text: string, failed = false): Verdict => ({ ready: false, failed, pending: [text] });
  if (mapAt(object, "metadata").deletionTimestamp !== undefined) return pending("The object is being deleted");
  const observed = numberAt(object, "status", "observedGeneration");
  const generation = numberAt(object, "metadata", "generation");
  if (observed !== undefined && generation !== undefined && observed !== generation) {
    return pending(`The controller has seen generation ${observed} of ${generation}`);
  }
  const stalled = condition(object, "Stalled");
  if (stalled?.status === "True") return pending(`Stalled: ${stalled.message ?? stalled.reason}`, true);
  const reconciling = condition(object, "Reconciling");
  if (reconciling?.status === "True") return pending(`Reconciling: ${reconciling.message ?? reconciling.reason}`);
  const ready = condition(object, "Ready");
  if (ready && at(ready, "status") !== "True")
    return pending(`Ready is ${ready.status}: ${ready.message ?? ready.reason}`);
  return { ready: true, pending: [] };
}

export const KSTATUS: Judge = { onRead: false, hasPods: false, judge };

/** Whether kinds without a judge of their own are waited for as well. */
export const awaitsAll = (): boolean => process.env.PULUMI_K8S_AWAIT_ALL === "true";
