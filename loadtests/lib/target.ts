import { connect } from "node:net";
import type { StoreAccess } from "../baselines/objects.ts";
import { UserError } from "./errors.ts";

/** What a stack's program exports, as far as a load test needs it. */
export interface StackOutputs {
  readonly gatewayUrl: string;
  readonly prometheusUrl?: string;
  readonly caPem?: string;
  /** Where runs are kept besides files. */
  readonly backupStore?: StoreAccess;
  readonly credentials?: { readonly devToken?: string | null };
}

/** Reads `pulumi stack output --json --show-secrets`, or what `make -s outputs` prints. */
export function outputsFrom(text: string, stack: string): StackOutputs {
  let parsed: Partial<StackOutputs>;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new UserError("the stack's outputs are not JSON", "give the output of: make -s outputs");
  }
  if (!parsed?.gatewayUrl)
    throw new UserError(`stack ${stack} has no gatewayUrl`, `bring it up: make up STACK=${stack}`);
  if (!parsed.credentials?.devToken)
    throw new UserError(
      `stack ${stack} gives no token for load tests`,
      "set app.devToken in its configuration; stacks of real users have none, and are only watched",
    );
  return parsed as StackOutputs;
}

/** Loopback, and services of the cluster by their names inside it. */
const OWN = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|[a-z0-9-]+\.[a-z0-9-]+\.svc(\.cluster\.local)?)$/;

/** Refuses to load a host that is neither on this machine nor in the cluster, unless it was named. */
export function checkAllowed(url: string, allowed: readonly string[]): void {
  const { hostname, protocol } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:")
    throw new UserError(`${url} is not HTTP`, "give an http or https address");
  if (OWN.test(hostname) || allowed.includes(hostname)) return;
  throw new UserError(
    `${hostname} is neither on this machine nor in the cluster`,
    `if it is yours to load, name it: ALLOW=${hostname}`,
  );
}

/** Before anything is sent: a server listens there. */
export async function checkUp(url: string): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (protocol === "https:" ? 443 : 80)),
  });
  socket.setTimeout(5_000, () => socket.destroy(new Error("no answer for 5 s")));
  try {
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  } catch (error) {
    throw new UserError(
      `the target ${url} is down: ${(error as Error).message}`,
      "make status shows what runs; make up brings it up",
    );
  } finally {
    socket.destroy();
  }
}
