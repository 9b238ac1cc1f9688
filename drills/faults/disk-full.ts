import type { DrillContext } from "../drill.ts";
import { UserError } from "../lib/errors.ts";
import { kubectl, type Stack } from "../lib/stack.ts";
import { postgresPods } from "../verify/postgres.ts";

const MOUNT = "/var/lib/postgresql/data";
/** Outside PostgreSQL's own folder, which is copied to other members. */
const FILLER = `${MOUNT}/filled-by-a-drill`;
const GIB = 1024 ** 3;
/** A file system of a claim is a little larger or smaller than what was asked for, and some round up to a whole disk's unit. */
const MOST_TIMES = 2;

/**
 * Fills the volume of a pod to the last byte; what it returns removes the file. Refused where the volume has no size of its
 * own: then the node's disk would be full, for all pods.
 *
 * @param pod as `pod/NAME`
 * @throws UserError
 */
export async function diskFull({ stack }: DrillContext, pod: string): Promise<() => Promise<void>> {
  const inPod = (script: string) =>
    kubectl(stack, ["exec", pod, "-c", "postgres", "--", "bash", "-c", script]).then((text) => text.trim());
  const claim = pod.replace("pod/", "pvc/data-");
  const asked = bytesOf(await kubectl(stack, ["get", claim, "-o", "jsonpath={.spec.resources.requests.storage}"]));
  const [size = 0, free = 0] = (await inPod(`df --block-size=1 --output=size,avail ${MOUNT} | tail -n 1`))
    .split(/\s+/)
    .map(Number);
  assertBounded(size, asked, pod);
  await inPod(`fallocate --length ${free} ${FILLER} || dd if=/dev/zero of=${FILLER} bs=1M status=none; true`);
  return () => emptyAgain(stack, pod);
}

async function emptyAgain(stack: Stack, pod: string): Promise<void> {
  await kubectl(stack, ["exec", pod, "-c", "postgres", "--", "rm", "-f", FILLER]);
}

/** Removes what a drill that was cut off has left on the members' volumes. */
export async function emptyDisks(stack: Stack): Promise<void> {
  await Promise.all((await postgresPods(stack)).map((pod) => emptyAgain(stack, pod)));
}

/** @throws UserError where the file system is much larger than the claim, so that the claim does not bound it */
export function assertBounded(size: number, asked: number, pod: string): void {
  if (size <= asked * MOST_TIMES) return;
  const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;
  throw new UserError(
    `the volume of ${pod} is on a file system of ${gib(size)}, for a claim of ${gib(asked)}: filling it would fill the node`,
    "run it where the storage class gives each claim a file system of its own",
  );
}

const UNITS: Readonly<Record<string, number>> = { Mi: 1024 ** 2, Gi: GIB, Ti: 1024 * GIB };

/** Bytes of a quantity as claims have it: 5Gi. */
export function bytesOf(quantity: string): number {
  const [, number, unit = ""] = /^(\d+)(Mi|Gi|Ti)?$/.exec(quantity.trim()) ?? [];
  if (number === undefined) throw new Error(`"${quantity}" is not a size of a volume`);
  return Number(number) * (UNITS[unit] ?? 1);
}
