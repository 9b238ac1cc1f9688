import { isMap, listAt, mapAt, type Props, stringAt } from "../lib/values.ts";
import type { Client, Query, RequestOptions } from "./client.ts";
import { kindOf, nameOf, namespaceOf } from "./identity.ts";
import { backendsOf, SERVICE_NAME } from "./network.ts";
import type { Related } from "./verdict.ts";

/** Which objects of a collection belong to an object. */
export interface Selection {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly query: Query;
  /** What the server's selectors cannot say. */
  keeps(object: Props): boolean;
}

/** Fetches what belongs to an object, by kind. */
export async function fetchRelated(
  client: Client,
  object: Props,
  needs: Related[],
  options: RequestOptions = {},
): Promise<{ [kind in Related]?: Props[] }> {
  const found = await Promise.all(
    needs.map(async (kind) => [kind, await fetchSelected(client, SELECT[kind](object), options)] as const),
  );
  return Object.fromEntries(found);
}

async function fetchSelected(
  client: Client,
  selection: Selection | undefined,
  options: RequestOptions,
): Promise<Props[]> {
  if (!selection) return [];
  const { apiVersion, kind, namespace, query, keeps } = selection;
  return (await client.list(apiVersion, kind, namespace, query, options)).filter(keeps);
}

const every = () => true;

/** What belongs to an object, by kind; undefined when nothing can. */
export const SELECT: { [kind in Related | "Pod"]: (object: Props) => Selection | undefined } = {
  ReplicaSet: (object) => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    namespace: namespaceOf(object),
    query: { labelSelector: selectorText(mapAt(object, "spec", "selector")) },
    keeps: (set) => isOwnedBy(set, object),
  }),
  PersistentVolumeClaim: (object) => {
    const volumes = listAt(object, "spec", "template", "spec", "volumes");
    const names = volumes.flatMap((volume) => stringAt(volume, "persistentVolumeClaim", "claimName") ?? []);
    if (names.length === 0) return undefined;
    const keeps = (claim: Props) => names.includes(nameOf(claim) ?? "");
    return { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: namespaceOf(object), query: {}, keeps };
  },
  EndpointSlice: (object) => {
    const names = kindOf(object) === "Ingress" ? backendsOf(object) : [nameOf(object)];
    if (names.length === 0) return undefined;
    const query = { labelSelector: `${SERVICE_NAME} in (${names.join(",")})` };
    const namespace = namespaceOf(object);
    return { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace, query, keeps: every };
  },
  StorageClass: () => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    namespace: undefined,
    query: {},
    keeps: every,
  }),
  Pod: (object) => {
    const labelSelector = selectorText(mapAt(object, "spec", "selector"));
    if (!labelSelector) return undefined;
    // A pod on its way out says nothing about what comes.
    const keeps = (pod: Props) => mapAt(pod, "metadata").deletionTimestamp === undefined;
    return { apiVersion: "v1", kind: "Pod", namespace: namespaceOf(object), query: { labelSelector }, keeps };
  },
};

/** The pods behind a workload; a Pod is its own. */
export async function podsOf(client: Client, object: Props): Promise<Props[]> {
  return kindOf(object) === "Pod" ? [object] : fetchSelected(client, SELECT.Pod(object), {});
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
