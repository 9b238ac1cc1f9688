import type { CheckResult, DiffResult, PropertyDiff } from "../lib/provider.ts";
import { equal, isUnknown, type Props, unwrapMap, type Value } from "../lib/values.ts";
import { resolveAccess } from "./kubeconfig.ts";

/** Inputs by which a provider may come to mean another cluster. */
const CLUSTER_INPUTS = ["kubeconfig", "context", "cluster"];

export function checkConfig(news: Props): CheckResult {
  return { inputs: news };
}

/** Compares two sets of provider inputs; another cluster means that everything in it is replaced. */
export function diffConfig(oldProps: Props, newProps: Props): DiffResult {
  const [olds, news] = [unwrapMap(oldProps), unwrapMap(newProps)];
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    // The SDK's version is no input of the cluster.
    (key) => key !== "version" && !equal(olds[key], news[key]),
  );
  const detailed: { [path: string]: PropertyDiff } = {};
  for (const key of changed) detailed[key] = { kind: !(key in olds) ? "add" : key in news ? "update" : "delete" };
  for (const key of replacing(changed, olds, news)) detailed[key] = { kind: "update", replace: true };
  return { changes: changed.length > 0, detailed };
}

function replacing(changed: string[], olds: Props, news: Props): string[] {
  const always = changed.filter((key) => key === "clusterIdentifier" || key === "renderYamlToDirectory");
  if (news.clusterIdentifier !== undefined || always.length > 0) return always;
  const unknown = CLUSTER_INPUTS.filter((key) => isUnknown(news[key]));
  if (unknown.length > 0) return unknown;
  const relevant = changed.filter((key) => CLUSTER_INPUTS.includes(key));
  return relevant.length > 0 && !equal(stanza(olds), stanza(news)) ? relevant : [];
}

/** The cluster stanza that inputs lead to; a kubeconfig that cannot be read is compared by its text. */
function stanza(props: Props): Value {
  const text = (key: string) => (typeof props[key] === "string" ? props[key] : undefined);
  try {
    const choice = { kubeconfig: text("kubeconfig"), context: text("context"), cluster: text("cluster") };
    return resolveAccess(choice).stanza as Value;
  } catch {
    return text("kubeconfig") ?? null;
  }
}
