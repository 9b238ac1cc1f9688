import { availableParallelism } from "node:os";
import { configOf, type StackConfig } from "./config.ts";
import { runRenderer } from "./renderer.ts";
import type { Rendered, StackRendering } from "./types.ts";

export interface StackSource {
  tree: string;
  stack: string;
  /**
   * The stack is configured as it is deployed: its file is whole, together with the folder of MEDIA_CONFIG_OVERLAY if there
   * is one. @default placeholders stand for what is its owner's own
   */
  deployed?: { readonly overlayFolder?: string | undefined };
}

export type WithConfig = StackRendering &
  Pick<StackConfig, "confirmed" | "problems"> & {
    /** The same stack with other generated values, where it is deployed: what differs is made of them. */
    twin?: Rendered[];
  };

/** Every stack of every tree, a process each, as many at once as there are processors. */
export async function renderAll(
  sources: readonly StackSource[],
  read: typeof configOf = configOf,
): Promise<WithConfig[]> {
  const results: WithConfig[] = [];
  const waiting = sources.entries();
  const worker = async () => {
    for (const [index, source] of waiting) results[index] = await render(source, read);
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  return results;
}

async function render({ tree, stack, deployed }: StackSource, read: typeof configOf): Promise<WithConfig> {
  let config: StackConfig;
  try {
    config = read(tree, stack, deployed === undefined);
  } catch (error) {
    return {
      stack,
      problem: `Pulumi.${stack}.yaml cannot be read: ${(error as Error).message}`,
      confirmed: [],
      problems: [],
    };
  }
  const { engine, confirmed, problems } = config;
  const overlayFolder = deployed?.overlayFolder;
  const request = { config: engine, ...(overlayFolder ? { overlayFolder } : {}) };
  const result = await runRenderer({ tree, stack }, request);
  if ("errors" in result) return { stack, problem: shortened(result.errors, tree), confirmed, problems };
  const rendering = { stack, resources: result.resources, confirmed, problems };
  if (!deployed) return rendering;
  const twin = await runRenderer({ tree, stack }, { ...request, seed: "twin" });
  return "errors" in twin ? rendering : { ...rendering, twin: twin.resources };
}

/** The message and the first lines of our own in its trace. */
function shortened(errors: string, tree: string): string {
  const lines = errors
    .trim()
    .split("\n")
    .filter((line) => !/^\s+at (?!.*(infra|service)\/)/.test(line));
  return lines.slice(0, 12).join("\n").replaceAll(`file://${tree}/`, "").replaceAll(`${tree}/`, "");
}
