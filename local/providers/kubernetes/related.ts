import { isMap, listAt, mapAt, type Props, stringAt } from "../lib/values.ts";
import type { Client } from "./client.ts";
import { kindOf, nameOf, namespaceOf } from "./identity.ts";
import { backendsOf, SERVICE_NAME } from "./network.ts";
import type { Related } from "./verdict.ts";

/** Fetches what belongs to an object, by kind. */
export async function fetchRelated(
  client: Client,
  object: Props,
  needs: Related[],
): Promise<{ [kind in Related]?: Props[] }> {
  const found = await Promise.all(needs.map(async (kind) => [kind, await FETCH[kind](client, object)] as const));
  return Object.fromEntries(found);
}

const FETCH: { [kind in Related]: (client: Client, object: Props) => Promise<Props[]> } = {
  ReplicaSet: async (client, object) => {
    const query = { labelSelector: selectorText(mapAt(object, "spec", "selector")) };
    const sets = await client.list("apps/v1", "ReplicaSet", namespaceOf(object), query);
    return sets.filter((set) => isOwnedBy(set, object));
  },
  PersistentVolumeClaim: async (client, object) => {
    const volumes = listAt(object, "spec", "template", "spec", "volumes");
    const names = volumes.map((volume) => stringAt(volume, "persistentVolumeClaim", "claimName"));
    if (!names.some((name) => name)) return [];
    const claims = await client.list("v1", "PersistentVolumeClaim", namespaceOf(object));
    return claims.filter((claim) => names.includes(nameOf(claim)));
  },
  EndpointSlice: (client, object) => {
    const names = kindOf(object) === "Ingress" ? backendsOf(object) : [nameOf(object)];
    const query = { labelSelector: `${SERVICE_NAME} in (${names.join(",")})` };
    return client.list("discovery.k8s.io/v1", "EndpointSlice", namespaceOf(object), query);
  },
  StorageClass: (client) => client.list("storage.k8s.io/v1", "StorageClass", undefined),
};

/** The pods behind a workload; a Pod is its own. */
export async function podsOf(client: Client, object: Props): Promise<Props[]> {
  if (kindOf(object) === "Pod") return [object];
  const labelSelector = selectorText(mapAt(object, "spec", "selector"));
  const pods = labelSelector ? await client.list("v1", "Pod", namespaceOf(object), { labelSelector }) : [];
  // A pod on its way out says nothing about what comes.
  return pods.filter((pod) => mapAt(pod, "metadata").deletionTimestamp === undefined);
}

/** A label selector as a query parameter. */
export function selectorText(selector: Props): string {
  const labels = Object.entries(mapAt(selector, "matchLabels")).map(([key, value]) => `${key}=${value}`);
  const expressions = listAt(selector, "matchExpressions").filter(isMap).map(expressionText);
  return [...labels, ...expressions].join(",");
}

function expressionText(expression: Props): string {
  const { key, operator } = expression;
  const values = listAt(expression, "values").join(",");
  if (operator === "Exists") return `${key}`;
  if (operator === "DoesNotExist") return `!${key}`;
  return `${key} ${operator === "NotIn" ? "notin" : "in"} (${values})`;
}

function isOwnedBy(object: Props, owner: Props): boolean {
  const uid = stringAt(owner, "metadata", "uid");
  return listAt(object, "metadata", "ownerReferences").some((reference) => stringAt(reference, "uid") === uid);
}
