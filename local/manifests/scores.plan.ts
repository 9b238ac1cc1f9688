import { z } from "zod";

/** Why something that kube-score calls critical stays as it is. */
export const ignoredSchema = z.strictObject({
  /** kube-score's id of the check. */
  check: z.string().min(1),
  /** Names of the objects for which it holds; `all` where the reason is of the platform. */
  objects: z.union([z.literal("all"), z.array(z.string()).nonempty()]),
  /** The reason, in a sentence, with what stands in. */
  because: z.string().min(30),
});
export type Ignored = z.infer<typeof ignoredSchema>;

/** What kube-score writes with `--output-format json`, as far as it is read. */
export interface Scored {
  object_meta: { name: string };
  type_meta: { kind: string };
  checks: {
    check: { id: string; name: string };
    grade: number;
    skipped: boolean;
    comments: { path: string; summary: string }[] | null;
  }[];
}

export interface Critical {
  stack: string;
  check: string;
  /** "Deployment api". */
  object: string;
  name: string;
  problem: string;
}

/** kube-score's grade of what it calls critical. */
const CRITICAL = 1;

export function criticalsOf(stack: string, scored: readonly Scored[]): Critical[] {
  return scored.flatMap(({ object_meta: { name }, type_meta: { kind }, checks }) =>
    checks
      .filter(({ grade, skipped }) => grade === CRITICAL && !skipped)
      .flatMap(({ check, comments }) =>
        (comments?.length ? comments : [{ path: "", summary: check.name }]).map(({ path, summary }) => ({
          stack,
          check: check.id,
          object: `${kind} ${name}`,
          name,
          problem: path ? `${path}: ${summary}` : summary,
        })),
      ),
  );
}

/** What is critical without an argued reason, and the entries of the list (and names in them) for which nothing is found. */
export function judge(found: readonly Critical[], ignored: readonly Ignored[]): { open: Critical[]; idle: string[] } {
  const covers = ({ check, objects }: Ignored, one: Critical) =>
    check === one.check && (objects === "all" || objects.includes(one.name));
  const open = found.filter((one) => !ignored.some((entry) => covers(entry, one)));
  const idle = ignored.flatMap(({ check, objects }) => {
    const names = new Set(found.filter((one) => one.check === check).map(({ name }) => name));
    if (objects === "all") return names.size > 0 ? [] : [`${check}: all`];
    return objects.filter((name) => !names.has(name)).map((name) => `${check}: ${name}`);
  });
  return { open, idle };
}
