import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { environment, exports, prepareEnvironment } from "../stack/environment.ts";
import { outputs as read } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

/** Prints the stack's outputs as JSON, with the credentials. */
export async function outputs({ stack, name, other }: Options): Promise<void> {
  const layout = layoutOf(name);
  const found = await outputsOf(layout, stack);
  const compared = other ? { otherPrometheusUrl: (await outputsOf(layout, other)).prometheusUrl } : {};
  console.log(JSON.stringify({ ...found, ...compared, ...(await caFile(layout, stack, found.caPem)) }, null, 2));
}

async function outputsOf(layout: Layout, stack: string): Promise<Record<string, unknown>> {
  const found = await read({ layout, name: stack });
  if (!found) throw new UserError(`stack ${stack} has no outputs: it is not up`, `bring it up: make up STACK=${stack}`);
  return found;
}

/** Writes the stack's certificate authority to a file, because curl and browsers take a file. */
async function caFile(layout: Layout, stack: string, pem: unknown): Promise<{ caFile?: string }> {
  if (typeof pem !== "string") return {};
  const file = join(layout.dir, `ca-${stack}.pem`);
  await writeFile(file, pem);
  return { caFile: file };
}

/** Prints shell lines that set up pulumi, kubectl and the tools for the cluster: eval "$(make -s env)". */
export async function env({ stack, name }: Options): Promise<void> {
  const layout = layoutOf(name);
  await prepareEnvironment(layout);
  console.log(exports(environment(layout, stack)));
}

const LAST_LINES = 5;

/** Prints the path and the last lines of each log of the cluster. */
export async function logs({ name }: Options): Promise<void> {
  const { logDir } = layoutOf(name);
  const files = existsSync(logDir) ? (await readdir(logDir)).filter((file) => file.endsWith(".log")).sort() : [];
  for (const file of files) {
    const path = join(logDir, file);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n").slice(-LAST_LINES);
    console.log(`==> ${path}`);
    for (const line of lines) console.log(`  ${line.slice(0, 300)}`);
  }
  if (files.length === 0) console.log(`cluster ${name} has written no logs`);
}
