import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { configOf, type StackConfig } from "./config.ts";
import type { Rendered, StackRendering } from "./types.ts";

export interface StackSource {
  tree: string;
  stack: string;
}

export type WithConfig = StackRendering & Pick<StackConfig, "confirmed" | "problems">;

const SCRIPT = join(import.meta.dirname, "render.ts");

/** Every stack of every tree, a process each, as many at once as there are processors. */
export async function renderAll(sources: readonly StackSource[]): Promise<WithConfig[]> {
  const results: WithConfig[] = [];
  const waiting = sources.entries();
  const worker = async () => {
    for (const [index, source] of waiting) results[index] = await render(source);
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  return results;
}

async function render({ tree, stack }: StackSource): Promise<WithConfig> {
  let config: StackConfig;
  try {
    config = configOf(tree, stack);
  } catch (error) {
    return {
      stack,
      problem: `Pulumi.${stack}.yaml cannot be read: ${(error as Error).message}`,
      confirmed: [],
      problems: [],
    };
  }
  const { engine, confirmed, problems } = config;
  const child = spawn(process.execPath, [SCRIPT, tree, stack], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(engine));
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (code !== 0) return { stack, problem: shortened(errors, tree), confirmed, problems };
  return { stack, resources: JSON.parse(output) as Rendered[], confirmed, problems };
}

/** The message and the first lines of our own in its trace. */
function shortened(errors: string, tree: string): string {
  const lines = errors
    .trim()
    .split("\n")
    .filter((line) => !/^\s+at (?!.*(infra|service)\/)/.test(line));
  return lines.slice(0, 12).join("\n").replaceAll(`file://${tree}/`, "").replaceAll(`${tree}/`, "");
}
