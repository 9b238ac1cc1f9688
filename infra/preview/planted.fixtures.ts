import { join } from "node:path";
import { renderAll, type WithConfig } from "./render-all.ts";
import { type Report, reportOf } from "./report.plan.ts";
import type { Rendered } from "./types.ts";

export const REPO = join(import.meta.dirname, "../..");

// biome-ignore lint/suspicious/noExplicitAny: planted changes reach arbitrary paths.
export type Loose = any;
/** Changes a resource: its object, all resources of the stack, and itself. */
export type Plant = (object: Loose, resources: Rendered[], resource: Rendered) => unknown;

export const POD = "spec.template.spec";
export const MAIN = `${POD}.containers.0`;

/** Writes a value at a path of keys and indices: "-" appends to a list; `undefined` removes the key. */
export function put(path: string | readonly string[], value: unknown): Plant {
  return (object) => {
    const keys = typeof path === "string" ? path.split(".") : [...path];
    const last = keys.pop() as string;
    const parent = keys.reduce((at: Loose, key) => at[key], object);
    if (parent === undefined) throw new Error(`nothing is at ${keys.join(".")}`);
    if (last === "-") parent.push(value);
    else if (value === undefined) delete parent[last];
    else parent[last] = value;
  };
}

/** Takes the whole resource out of its stack. */
export const gone: Plant = (_object, resources, resource) => resources.splice(resources.indexOf(resource), 1);

export const nameOf = ({ inputs }: Rendered) => (inputs.metadata as { name?: string } | undefined)?.name;

/** Stacks of this checkout, each rendered once. */
export interface Stacks {
  readonly renderings: WithConfig[];
  renderingOf(stack: string): WithConfig;
  /** A copy, to be changed. */
  resourcesOf(stack: string): Rendered[];
  /** The report on other resources in the place of a stack's own. */
  changed(stack: string, resources: Rendered[], rest?: Partial<WithConfig>): Report;
  /** The report on a stack in which the named resource ("Deployment api") was changed. */
  planted(stack: string, title: string, change: Plant, rest?: Partial<WithConfig>): Report;
}

export async function renderStacks(...names: string[]): Promise<Stacks> {
  const renderings = await renderAll(names.map((stack) => ({ tree: REPO, stack })));
  const renderingOf = (wanted: string) => renderings.find(({ stack }) => stack === wanted) as WithConfig;
  function resourcesOf(stack: string): Rendered[] {
    const rendering = renderingOf(stack);
    if ("problem" in rendering) throw new Error(rendering.problem);
    // Not structuredClone: what it makes under jest has the prototypes of another realm.
    return JSON.parse(JSON.stringify(rendering.resources)) as Rendered[];
  }
  function changed(stack: string, resources: Rendered[], rest: Partial<WithConfig> = {}): Report {
    const before = [renderingOf(stack)];
    return reportOf({ base: "main at 0", notes: [], before, after: [{ ...renderingOf(stack), resources, ...rest }] });
  }
  function planted(stack: string, title: string, change: Plant, rest: Partial<WithConfig> = {}): Report {
    const resources = resourcesOf(stack);
    const [kind, name] = title.split(" ");
    const found = resources.find(
      (resource) => resource.type.endsWith(`:${kind}`) && [resource.name, nameOf(resource)].includes(name),
    );
    if (!found) throw new Error(`${stack} has no ${title}`);
    change(found.inputs, resources, found);
    return changed(stack, resources, rest);
  }
  return { renderings, renderingOf, resourcesOf, changed, planted };
}
