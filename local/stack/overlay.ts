import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";
import { writeChanged } from "../lib/files.ts";
import { overlayFolder } from "./environment.ts";
import { readGenerations } from "./generations.ts";
import { outputs, type Stack } from "./pulumi.ts";

const fileOf = ({ layout, name }: Stack) => join(overlayFolder(layout), `${name}.json`);

/** Writes what is laid over the committed configuration, with the generations of the stack's credentials. */
export async function writeOverlay(stack: Stack, config: object): Promise<void> {
  const credentials = await readGenerations(stack);
  await writeChanged(fileOf(stack), `${JSON.stringify({ ...config, credentials }, null, 2)}\n`);
}

/** Writes it anew after a step of a rotation: with the generations that there are now, and what the base stack gives. */
export async function renewOverlay(stack: Stack): Promise<void> {
  const file = fileOf(stack);
  if (!existsSync(file))
    throw new UserError(`stack ${stack.name} was not brought up here`, `bring it up: make up STACK=${stack.name}`);
  const before = JSON.parse(await readFile(file, "utf8")) as object;
  const backups = stack.name === "base" ? {} : { backups: await backupStore(stack) };
  await writeOverlay(stack, { ...before, ...backups });
}

/** The base stack's backup store as configuration of the stack. It is no StackReference: in a disaster the base stack's state may be gone. */
export async function backupStore({ layout, name }: Stack): Promise<unknown> {
  const base = await outputs({ layout, name: "base" });
  return (base?.backupStoreTenants as Record<string, unknown> | undefined)?.[name];
}
