import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WithConfig } from "./render-all.ts";
import { comparable, isCompared, resourcesOf, type StackExport } from "./state.plan.ts";

/** The folder has no state that can be read. */
export class NoState extends Error {}

const HOW = "write it by: pulumi stack export --stack STACK --file FOLDER/STACK.json";

export interface States {
  /** Stacks whose state is there. */
  stacks: string[];
  /** The rendering of the base, or in its place the stack's state, and this branch's rendering without what cannot be compared. */
  against(before: WithConfig[], after: WithConfig[]): { before: WithConfig[]; after: WithConfig[]; notes: string[] };
}

/** The states of these stacks in a folder with `<stack>.json` as `pulumi stack export` writes it. */
export function readStates(folder: string, wanted: readonly string[]): States {
  const exported = new Map(wanted.flatMap((stack) => found(folder, stack)));
  if (exported.size === 0) throw new NoState(`${folder} has no state of ${wanted.join(", ")}: ${HOW}`);
  return {
    stacks: [...exported.keys()],
    against(before, after) {
      const notes: string[] = [];
      const news = after.map((rendering) => {
        if (!exported.has(rendering.stack) || "problem" in rendering) return rendering;
        return { ...rendering, resources: rendering.resources.filter(isCompared) };
      });
      const olds = [...exported].flatMap(([stack, state]): WithConfig[] => {
        const rendering = news.find((one) => one.stack === stack);
        if (!rendering || "problem" in rendering) return [];
        const time = state.deployment?.manifest?.time?.slice(0, 19).replace("T", " ");
        notes.push(
          `Stack ${stack} is compared with its state${time ? ` of ${time}` : ""}. Secrets, and what is a placeholder in the rendering, are not compared.`,
        );
        return [
          {
            stack,
            resources: comparable(resourcesOf(state), rendering.resources, rendering.twin),
            confirmed: [],
            problems: [],
          },
        ];
      });
      return { before: [...before.filter(({ stack }) => !exported.has(stack)), ...olds], after: news, notes };
    },
  };
}

function found(folder: string, stack: string): [string, StackExport][] {
  const file = join(folder, `${stack}.json`);
  if (!existsSync(file)) return [];
  let state: StackExport;
  try {
    state = JSON.parse(readFileSync(file, "utf8")) as StackExport;
  } catch (error) {
    throw new NoState(`${file} is not JSON (${(error as Error).message}): ${HOW}`);
  }
  if (!Array.isArray(state.deployment?.resources)) throw new NoState(`${file} is no exported state: ${HOW}`);
  return [[stack, state]];
}
