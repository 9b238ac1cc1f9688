import type { DiffRequest, DiffResult } from "../lib/provider.ts";
import { unwrapMap } from "../lib/values.ts";
import type { Client } from "./client.ts";
import { ANNOTATION, annotation } from "./identity.ts";
import { readObject } from "./read.ts";
import { condition } from "./verdict.ts";

/** A Job that asks for it is made anew while it is not complete; this is the one diff that looks at the cluster. */
export async function replaceUnready(
  client: Client | undefined,
  request: DiffRequest,
  result: DiffResult,
): Promise<DiffResult> {
  const live =
    client && (await readObject(client, request.type, request.id, unwrapMap(request.olds)).catch(() => undefined));
  if (!live || condition(live, "Complete")?.status === "True") return result;
  const path = `metadata.annotations["${ANNOTATION.replaceUnready}"]`;
  return {
    changes: true,
    detailed: { ...result.detailed, [path]: { kind: "update", replace: true } },
    deleteBeforeReplace: annotation(unwrapMap(request.news), ANNOTATION.autonamed) !== "true",
  };
}
