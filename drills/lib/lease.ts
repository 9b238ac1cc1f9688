import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { messageOf, UserError } from "./errors.ts";
import { kubectl, type Stack } from "./stack.ts";

const NAME = "drill";
/** A holder that has not renewed for so long has ended without giving it back. */
const DURATION_SECONDS = 60;
const RENEW_SECONDS = 20;

interface LeaseObject {
  readonly metadata: { readonly resourceVersion?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
  };
}

/** The right to drill a stack, which one drill at a time has. */
export interface DrillLease {
  release(): Promise<void>;
}

/**
 * Takes the Lease `drill` in the stack's namespace, and renews it until it is released.
 *
 * @param kind kind of drill, for the message to the next one
 * @throws UserError while another drill has it
 */
export async function takeLease(stack: Stack, kind: string): Promise<DrillLease> {
  const holder = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const now = () => new Date().toISOString().replace("Z", "000Z");
  const manifest = (resourceVersion?: string) =>
    JSON.stringify({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: NAME, annotations: { kind }, ...(resourceVersion && { resourceVersion }) },
      spec: { holderIdentity: holder, leaseDurationSeconds: DURATION_SECONDS, acquireTime: now(), renewTime: now() },
    });
  try {
    await kubectl(stack, ["create", "-f", "-"], manifest());
  } catch (error) {
    if (!messageOf(error).includes("AlreadyExists")) throw error;
    const found = JSON.parse(await kubectl(stack, ["get", "lease", NAME, "-o", "json"])) as LeaseObject;
    const left = secondsLeft(found, Date.now());
    if (left > 0) throw held(stack, found, left);
    // With its version: of two that find it expired, one replaces it.
    await kubectl(stack, ["replace", "-f", "-"], manifest(found.metadata.resourceVersion)).catch((lost: unknown) => {
      if (messageOf(lost).includes("Conflict")) throw held(stack, found, DURATION_SECONDS);
      throw lost;
    });
  }
  const renew = () =>
    kubectl(stack, ["patch", "lease", NAME, "--type=merge", "-p", JSON.stringify({ spec: { renewTime: now() } })]);
  // A drill may delete the namespace, and a fault may keep the API server from an answer: the next round tries again.
  const timer = setInterval(() => void renew().catch(() => {}), RENEW_SECONDS * 1000);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await kubectl(stack, ["delete", "lease", NAME, "--ignore-not-found"]).catch(() => {});
    },
  };
}

/** Seconds until a lease expires; negative where it has. Pure. */
export function secondsLeft({ spec }: LeaseObject, now: number): number {
  const renewed = Date.parse(spec.renewTime ?? "");
  if (Number.isNaN(renewed)) return -1;
  return (renewed - now) / 1000 + (spec.leaseDurationSeconds ?? 0);
}

function held(stack: Stack, { metadata, spec }: LeaseObject, left: number): UserError {
  const kind = metadata.annotations?.kind ?? "unknown";
  return new UserError(
    `a drill of kind ${kind} runs on stack ${stack.name} (${spec.holderIdentity}); two at once would measure each other`,
    `wait for its end; where its process is gone, its lease ends in ${Math.ceil(left)} s`,
  );
}
