import { isMap, listAt, numberAt, type Props, stringAt } from "../lib/values.ts";

/** What is known about an object at one moment; the judges below are pure functions of it. */
export interface Moment {
  object: Props;
  /** Objects of other kinds that belong to it, by kind, for a judge that names them in `needs`. */
  related: { [kind in Related]?: Props[] };
  /** Milliseconds since the related objects last changed; infinite where only this moment counts. */
  settledMs: number;
}
export type Related = "ReplicaSet" | "PersistentVolumeClaim" | "EndpointSlice" | "StorageClass";

/** Ready, or what is still missing. `failed` ends the wait at once. */
export interface Verdict {
  ready: boolean;
  failed?: boolean;
  pending: string[];
}

export interface Judge {
  /** Seconds to wait when neither customTimeouts nor the annotation say otherwise. @default 600 */
  timeoutSeconds?: number;
  needs?: Related[];
  /** Whether pods made for the object explain why it is not ready. */
  hasPods?: boolean;
  /** Whether a refresh looks at readiness too. */
  onRead: boolean;
  judge(moment: Moment): Verdict;
  /** Whether what is there at the end of the wait is good enough after all. */
  acceptAtTimeout?(moment: Moment): boolean;
}

export const READY: Verdict = { ready: true, pending: [] };
export const wait = (...pending: string[]): Verdict => ({ ready: false, pending });
/** Ready when every check holds; each is written as what is missing while it does not. */
export function all(checks: [boolean, string][]): Verdict {
  const pending = checks.filter(([holds]) => !holds).map(([, text]) => text);
  return pending.length === 0 ? READY : wait(...pending);
}

export function condition(object: Props, type: string): Props | undefined {
  return listAt(object, "status", "conditions")
    .filter(isMap)
    .find((entry) => entry.type === type);
}
export const holds = (object: Props, type: string): boolean => condition(object, type)?.status === "True";
export const count = (object: Props, ...path: string[]): number => numberAt(object, ...path) ?? 0;
export const phase = (object: Props): string => stringAt(object, "status", "phase") ?? "";
