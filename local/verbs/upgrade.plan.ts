import { UserError } from "../lib/errors.ts";

export interface Step {
  readonly kind: "none" | "upgrade";
  readonly from: string;
  readonly to: string;
}

/**
 * Whether one version of Kubernetes can follow another on the same data. Pure.
 *
 * @throws UserError for an older one, and for one that leaves a minor version out: what is stored is moved one at a time
 */
export function stepOf(from: string, to: string): Step {
  const [before, after] = [partsOf(from), partsOf(to)];
  const difference = [0, 1, 2].map((n) => (after[n] as number) - (before[n] as number));
  const [major, minor] = difference as [number, number, number];
  if (difference.every((part) => part === 0)) return { kind: "none", from, to };
  if ((difference.find((part) => part !== 0) as number) < 0)
    throw new UserError(
      `the cluster runs Kubernetes ${from}, and this checkout pins ${to}, which is older`,
      "what a newer one stored, an older one may not read: check out what pins the newer one, or make down PURGE=1",
    );
  if (major > 0 || minor > 1)
    throw new UserError(
      `from Kubernetes ${from} to ${to} is more than one minor version`,
      `upgrade one minor version at a time: pin ${before[0]}.${(before[1] as number) + 1} first (local/toolchain/kubernetes/go.mod)`,
    );
  return { kind: "upgrade", from, to };
}

function partsOf(version: string): readonly number[] {
  const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  if (parts.length !== 3) throw new UserError(`"${version}" is no version of Kubernetes`, "see make logs");
  return parts.map(Number);
}
