import { type Difference, differences } from "./differences.plan.ts";
import { keyOf, type Pair, pairsOf } from "./pairs.plan.ts";
import { makesAnew, stateOf } from "./replacement.plan.ts";
import { fewestPods } from "./scaled.plan.ts";
import { turnOf } from "./standby.plan.ts";
import type { PropertyChange, Rendered, ResourceChange, Restart } from "./types.ts";

const ROLLING = ["Deployment", "StatefulSet", "DaemonSet"];
const SECRET = "(secret)";

/** What applying the second rendering over the first one would do, resource by resource, in order of their names. */
export function changesOf(stack: string, before: readonly Rendered[], after: readonly Rendered[]): ResourceChange[] {
  const pairs = pairsOf(before, after);
  const scaled = fewestPods(after);
  const changed = pairs.flatMap((pair) => changeOf(stack, pair, scaled) ?? []);
  const assigned = new Map(after.map((resource) => [nameOf(resource), `${resource.type} ${resource.name}`]));
  const reasons = new Map(changed.map((change, index) => [keyOf(change.key), index]));
  return changed.map(({ key: _, ...change }) => {
    const restart = change.restart && { ...change.restart, why: change.restart.why.map(named) };
    return restart ? { ...change, restart } : change;
  });

  /** A file's new name says little; what changed in it says why. */
  function named(reason: string): string {
    const name = /→ (\S+)$/.exec(reason)?.[1];
    const key = name === undefined ? undefined : assigned.get(name);
    const index = key === undefined ? undefined : reasons.get(key);
    const change = index === undefined ? undefined : changed[index];
    if (!change) return reason;
    const files = change.properties.filter(({ path }) => path.startsWith("data")).map(({ path }) => fileOf(path));
    return `${change.title}${files.length > 0 ? `: ${files.join(", ")}` : ""}`;
  }
}

const fileOf = (path: string) => path.replace(/^data[.[]/, "").replace(/]$/, "");
const nameOf = ({ inputs }: Rendered) => (inputs.metadata as { name?: string } | undefined)?.name;

type Change = ResourceChange & { key: Rendered };

type Scaled = ReturnType<typeof fewestPods>;

function changeOf(stack: string, { before, after }: Pair, scaled: Scaled): Change | undefined {
  const shown = (after ?? before) as Rendered;
  const { type, inputs } = shown;
  const kind =
    typeof inputs.kind === "string" && type.startsWith("kubernetes:") ? inputs.kind : (type.split(":").at(-1) ?? type);
  const name = isAutonamed(inputs) ? shown.name : (nameOf(shown) ?? shown.name);
  const common = { stack, type, title: `${kind} ${name}`, id: `${kind}/${name}`, key: shown };
  const stateful = before && stateOf(before.type, before.inputs);
  if (!before) return { ...common, action: "create", properties: [] };
  if (!after) return { ...common, action: "delete", properties: [], ...(stateful ? { stateful } : {}) };

  const found = differences(withoutOwnName(before.inputs), withoutOwnName(after.inputs)).filter(isAppliedTo(after));
  if (found.length === 0) return undefined;
  const hidden = [...before.secretPaths, ...after.secretPaths];
  const properties = found.map((difference) => propertyOf(difference, before, hidden));
  if (properties.some(({ replaces }) => replaces)) {
    const keepsName = nameOf(before) !== undefined && nameOf(before) === nameOf(after);
    const order = keepsName ? "old first" : "new first";
    return { ...common, action: "replace", properties, order, ...(stateful ? { stateful } : {}) };
  }
  const restart = restartOf(after, found, scaled);
  const turn = turnOf(before.inputs, after.inputs);
  const kept = { ...(restart ? { restart } : {}), ...(turn ? { stateful: turn } : {}) };
  return { ...common, action: "update", properties, ...kept };
}

const isAutonamed = (inputs: Record<string, unknown>) =>
  (inputs.metadata as { annotations?: Record<string, string> } | undefined)?.annotations?.["pulumi.com/autonamed"] ===
  "true";

/** The program tells the engine to leave these as they are. */
const isAppliedTo =
  ({ ignoreChanges = [] }: Rendered) =>
  ({ path }: Difference) =>
    !ignoreChanges.includes(path.replace(/\[\d+\]/g, "[*]"));

/** The name that a rendering makes of an object's contents is no change beside them. */
function withoutOwnName(inputs: Record<string, unknown>): Record<string, unknown> {
  if (!isAutonamed(inputs)) return inputs;
  const { name: _, ...metadata } = inputs.metadata as { name: string };
  return { ...inputs, metadata };
}

function propertyOf({ path, before, after }: Difference, old: Rendered, hidden: string[]): PropertyChange {
  const secret = old.inputs.kind === "Secret" && /^(data|stringData)\b/.test(path);
  const covered =
    secret || hidden.some((known) => path === known || path.startsWith(`${known}.`) || known.startsWith(`${path}.`));
  const show = (value: unknown) => (covered ? SECRET : value);
  return {
    path,
    ...(before === undefined ? {} : { before: show(before) }),
    ...(after === undefined ? {} : { after: show(after) }),
    replaces: makesAnew(old.type, old.inputs, path),
  };
}

/** The pods that roll when this template comes, and which of its fields make them. */
function restartOf({ inputs }: Rendered, found: Difference[], scaled: Scaled): Restart | undefined {
  const { kind, metadata } = inputs as { kind?: string; metadata?: { name?: string } };
  if (!ROLLING.includes(kind ?? "")) return undefined;
  const changed = found.filter(({ path }) => path.startsWith("spec.template"));
  if (changed.length === 0) return undefined;
  const { replicas = scaled.get(metadata?.name ?? "") ?? 1, volumeClaimTemplates = [] } = inputs.spec as {
    replicas?: number;
    volumeClaimTemplates?: unknown[];
  };
  const why = changed.map(({ path, before, after }) => {
    const short = path.replace(/^spec\.template\.(spec\.)?/, "");
    return typeof after === "string" && /volumes\[.*(configMap\.name|secretName)$/.test(path)
      ? `${short} ${before} → ${after}`
      : short;
  });
  return { pods: kind === "DaemonSet" ? 1 : replicas, stateful: volumeClaimTemplates.length > 0, why };
}
