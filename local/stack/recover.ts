import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { kubectl } from "../cluster/cluster.ts";
import { isOrphan } from "../cluster/processes.ts";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { environment } from "./environment.ts";
import { pulumi, pulumiWithConfig, type Stack } from "./pulumi.ts";

/** An operation that was under way when the engine was killed (`pulumi stack export`). */
export interface PendingOperation {
  readonly type: string;
  readonly resource: { readonly urn: string; readonly type: string; readonly inputs?: Record<string, unknown> };
}

/** Longer than the program waits for any of its parts (infra/lib/workload.ts). */
const ORPHAN_SECONDS = 360;

interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** After a kill: removes a lock whose process is gone, and settles what that process had begun. A live lock is an error. */
export async function recover(stack: Stack, report: (line: string) => void): Promise<void> {
  for (const lock of await locks(stack)) {
    if (isOrphan(lock.pid)) await ended(lock, stack, report);
    if (existsSync(`/proc/${lock.pid}`)) {
      throw new UserError(
        `stack ${stack.name} is being changed by process ${lock.pid} of ${lock.username}@${lock.hostname} since ${lock.timestamp}`,
        "wait until it has finished, or end that process and run the same again",
      );
    }
    report(`stack ${stack.name}: the lock of process ${lock.pid}, which has ended, is removed`);
    await pulumi(stack, ["cancel", "--yes"], { show: false });
  }
  const pending = await pendingOperations(stack);
  if (pending.length === 0) return;
  report(`stack ${stack.name}: ${pending.length} operations were cut off; asking the cluster what became of them`);
  const imports = (await Promise.all(pending.map((operation) => importOf(stack, operation)))).flat();
  const refresh = await pulumiWithConfig(stack, "refresh", [
    "--yes",
    "--skip-preview",
    ...imports,
    ...(imports.length < 2 * creates(pending) ? ["--clear-pending-creates"] : []),
  ]);
  if (refresh.exitCode !== 0)
    throw new UserError(
      `stack ${stack.name} could not be refreshed after it was cut off`,
      "read the message above; then make up again",
    );
}

/** An engine goes on when the `make` that called it is killed; it is left to finish, since it knows best what it has begun. */
async function ended(lock: Lock, stack: Stack, report: (line: string) => void): Promise<void> {
  report(`stack ${stack.name}: process ${lock.pid} of an earlier call is still at work; waiting for it`);
  await eventually(`process ${lock.pid}, which changes stack ${stack.name}, to end`, ORPHAN_SECONDS, async () => {
    if (existsSync(`/proc/${lock.pid}`)) throw new Error("it still runs");
  });
}

const creates = (pending: readonly PendingOperation[]) =>
  pending.filter((operation) => operation.type === "creating").length;

async function locks(stack: Stack): Promise<Lock[]> {
  const backend = (environment(stack.layout, stack.name).PULUMI_BACKEND_URL as string).replace("file://", "");
  const folder = join(backend, ".pulumi/locks/organization/media-platform", stack.name);
  if (!existsSync(folder)) return [];
  const files = await readdir(folder);
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as Lock));
}

async function pendingOperations(stack: Stack): Promise<PendingOperation[]> {
  const result = await pulumi(stack, ["stack", "export"], { show: false });
  const state = JSON.parse(String(result.stdout)) as { deployment?: { pending_operations?: PendingOperation[] } };
  return state.deployment?.pending_operations ?? [];
}

/** A create that reached the cluster is taken into the state under its id; one that did not is forgotten. */
async function importOf(stack: Stack, operation: PendingOperation): Promise<string[]> {
  const object = kubernetesObject(operation);
  if (!object) return [];
  const { stdout } = await kubectl(stack.layout, [
    "get",
    object.kind,
    object.name,
    ...(object.namespace ? ["-n", object.namespace] : []),
    "--ignore-not-found",
    "-o",
    "name",
  ]);
  if (!stdout) return [];
  const id = object.namespace ? `${object.namespace}/${object.name}` : object.name;
  return ["--import-pending-creates", operation.resource.urn, "--import-pending-creates", id];
}

/** What a pending create would have made; undefined where it is no Kubernetes object. */
export function kubernetesObject({
  type,
  resource,
}: PendingOperation): { kind: string; name: string; namespace?: string } | undefined {
  const [, token, kind] = /^kubernetes:([^:]+):(\w+)$/.exec(resource.type) ?? [];
  const metadata = resource.inputs?.metadata as { name?: string; namespace?: string } | undefined;
  if (type !== "creating" || !token || !kind || !metadata?.name) return undefined;
  const [group = "", version = ""] = token.split("/");
  const kindWithGroup = group === "core" ? kind : `${kind}.${version}.${group}`;
  return { kind: kindWithGroup, name: metadata.name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) };
}
