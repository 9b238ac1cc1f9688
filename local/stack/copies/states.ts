import { kubectl } from "@media/drills/stack";
import { withObjects } from "@media/loadtests/open-store";
import { UserError } from "../../lib/errors.ts";
import { say } from "../../lib/progress.ts";
import { access } from "../access.ts";
import { readGenerations, writeGenerations } from "../generations.ts";
import { hasResources, type State } from "../pending.ts";
import { ensureStack, exported, outputs, pulumi, type Stack } from "../pulumi.ts";
import { type Copy, generatedPart, type PlainState, type StackCopy } from "./copy.ts";
import { keyOf, readRecoveryFile, recoveryFileOf, rememberStore } from "./recovery-file.ts";
import { Shelf } from "./shelf.ts";

/**
 * Keeps a sealed copy of the stack's state, and of the base stack's, in the stack's backup store.
 *
 * @throws where the store does not take it
 */
export async function keepCopy(stack: Stack): Promise<void> {
  const found = await outputs(stack);
  if (!found?.backupStore) throw new Error("the stack has no backup store");
  const file = recoveryFileOf(stack.layout.name);
  const { key, isNew } = await rememberStore(file, stack.name, found.backupStore);
  const copy = await copyOf(stack);
  await withObjects(found, access(stack).kubeconfig, (objects) => new Shelf(objects, key).keep(copy));
  if (isNew) say(`keep a copy of ${file} elsewhere: with it a lost state comes back (docs/recovery.md)`);
}

/** The same, for a stack that is up with a copy or without: what failed is said. */
export const tryToKeepCopy = (stack: Stack): Promise<void> =>
  keepCopy(stack).catch((error: unknown) => say(`its state was not copied to the backup store: ${String(error)}`));

async function copyOf({ layout, name }: Stack): Promise<Copy> {
  const stacks = await Promise.all(["base", name].map((one) => stackCopy({ layout, name: one })));
  return { schema: "media-state/1", at: new Date().toISOString(), stacks };
}

async function stackCopy(stack: Stack): Promise<StackCopy> {
  const state = await exported<PlainState>(stack, "--show-secrets");
  if (!state) throw new Error(`stack ${stack.name} cannot be exported`);
  return { name: stack.name, generations: await readGenerations(stack), state: generatedPart(state) };
}

/**
 * Brings the states back that are not here: the stack's, and the base stack's. The next `make up` makes or takes over what
 * they had in the cluster.
 *
 * @param from `file`: the recovery file, by default that of this machine; `key`: in place of the one in it
 * @returns names of the stacks whose state was brought back, and when the copy was made
 * @throws UserError where both are here, or the copy does not open; nothing is changed then
 */
export async function bringBack(stack: Stack, from: { file?: string | undefined; key?: Uint8Array } = {}) {
  const { file = recoveryFileOf(stack.layout.name) } = from;
  const recovery = await readRecoveryFile(file);
  const key = from.key ?? keyOf(recovery);
  const store = recovery.stores[stack.name];
  if (!store)
    throw new UserError(`${file} knows no backup store of stack ${stack.name}`, "take one of its stacks: STACK=…");
  const lost: string[] = [];
  for (const name of ["base", stack.name]) if (!(await hasState({ ...stack, name }))) lost.push(name);
  if (lost.length === 0)
    throw new UserError(`the state of stack ${stack.name} is here: nothing was changed`, "make up brings it up");
  const copy = await withObjects({ backupStore: store }, access(stack).kubeconfig, (objects) =>
    new Shelf(objects, key).newest(),
  );
  const restored = copy.stacks.filter(({ name }) => lost.includes(name));
  for (const one of restored) await restore({ ...stack, name: one.name }, one);
  return { names: restored.map(({ name }) => name), at: copy.at };
}

const hasState = async (stack: Stack) => hasResources(await exported<State>(stack));

/**
 * A base stack made anew would give the backups of the others new keys, with which none of the old ones opens.
 *
 * @param stack the base stack, without a state
 * @throws UserError where it is in the cluster
 */
export async function refuseLostBase(stack: Stack): Promise<void> {
  const store = ["get", "deployment/backup-store", "--ignore-not-found", "-o", "name"];
  if (!(await kubectl(access(stack), store))) return;
  throw new UserError(
    "stack base runs in this cluster, and its state is not here: without it no backup could be read any more",
    "make restore-state RECOVERY=file; to begin anew without the backups: kubectl delete namespace media-base",
  );
}

/** What a machine that is gone takes with it: the state with its secrets, and the generations of the credentials. */
export async function loseState(stack: Stack): Promise<void> {
  const { exitCode, stderr } = await pulumi(stack, ["stack", "rm", "--yes", "--force", "--preserve-config"], {
    show: false,
  });
  if (exitCode !== 0) throw new Error(`stack ${stack.name} cannot be removed: ${stderr}`);
  await writeGenerations(stack, {});
}

async function restore(stack: Stack, { generations, state }: StackCopy): Promise<void> {
  await writeGenerations(stack, generations);
  await ensureStack(stack);
  // The engine encrypts what it imports, by the new stack's own passphrase and salt.
  const { secrets_providers } = (await exported<PlainState>(stack))?.deployment ?? {};
  const input = JSON.stringify({ ...state, deployment: { ...state.deployment, secrets_providers } });
  const { exitCode, stderr } = await pulumi(stack, ["stack", "import"], { show: false, input });
  if (exitCode !== 0)
    throw new UserError(`the state of stack ${stack.name} cannot be imported: ${stderr}`, "read the message");
}
