import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { credentialsSection, type Generations } from "@media/infra/credentials";
import { writeChanged } from "../lib/files.ts";
import { overlayFolder } from "./environment.ts";
import type { Stack } from "./pulumi.ts";

/**
 * Which generation of its credentials a stack has: kept beside its configuration, which `make up` writes anew. It goes with
 * the cluster's data, as Pulumi's state does.
 */
const fileOf = ({ layout, name }: Stack) => join(overlayFolder(layout), `${name}.credentials.json`);

export async function readGenerations(stack: Stack): Promise<Generations> {
  const file = fileOf(stack);
  return existsSync(file) ? credentialsSection.parse(JSON.parse(await readFile(file, "utf8"))) : {};
}

export async function writeGenerations(stack: Stack, generations: Generations): Promise<void> {
  await writeChanged(fileOf(stack), `${JSON.stringify(generations, null, 2)}\n`);
}
