import { createHash, randomBytes } from "node:crypto";
import { type CheckFailure, type CheckRequest, type CheckResult, UserError } from "../lib/provider.ts";
import { isUnknown, mapAt, type Props, unwrapMap } from "../lib/values.ts";
import { ANNOTATION, annotation, isAutonamed, nameOf, withAnnotation, withMetadata } from "./identity.ts";
import { gvkOfToken, isPatch } from "./kinds.ts";
import { normalizeInputs } from "./normalize.ts";
import { markSecrets } from "./secrets.ts";

const RANDOM_CHARACTERS = 8;

export interface CheckContext {
  defaultNamespace: string | undefined;
  /** Whether the kind lives in a namespace; asked only when the inputs name none. */
  namespaced(inputs: Props): Promise<boolean>;
  /** The name that an earlier run made up for this new resource before it was cut off: its object may be there. */
  begunAs?: string | undefined;
}

/** Inputs as they will be applied: normalised, named, in a namespace. */
export async function checkResource(request: CheckRequest, context: CheckContext): Promise<CheckResult> {
  const plain = unwrapMap(request.news);
  const failures = refusals(request.type, plain);
  if (failures.length > 0) return { inputs: request.news, failures };
  const named = autoname(normalizeInputs(plain), request, context.begunAs);
  const placed = await defaultNamespace(named, context);
  return { inputs: markSecrets(placed, request.news) };
}

function refusals(token: string, inputs: Props): CheckFailure[] {
  const { kind } = gvkOfToken(token);
  const failures: CheckFailure[] = [];
  const refuse = (property: string, reason: string) => failures.push({ property, reason });
  if (isPatch(token, inputs)) {
    refuse(
      "kind",
      `${kind} resources are not supported by this plugin; manage the whole object, or install the official plugin`,
    );
  } else if (kind.endsWith("List")) {
    refuse("kind", `${kind} is a list; declare each of its items as a resource`);
  }
  if (token.startsWith("kubernetes:helm.sh/") || token.startsWith("kubernetes:kustomize/")) {
    refuse(
      "",
      `${token} is not supported by this plugin; render the manifests and declare them, or install the official plugin`,
    );
  }
  if (inputs.metadata !== undefined && mapAt(inputs, "metadata").generateName !== undefined) {
    refuse("metadata.generateName", "cannot be used with server-side apply; leave the name out to have one made");
  }
  return failures;
}

/** A resource without a name gets the old made-up one, else a new one. An unknown name is a name. */
export function autoname(
  inputs: Props,
  request: Pick<CheckRequest, "name" | "olds" | "randomSeed" | "autonaming">,
  begunAs?: string,
): Props {
  if (nameOf(inputs) || isUnknown(inputs.metadata)) return inputs;
  const olds = request.olds && unwrapMap(request.olds);
  const old = olds && isAutonamed(olds) ? nameOf(olds) : undefined;
  const again = request.autonaming?.mode === "enforce" ? undefined : begunAs;
  const name = old ?? again ?? proposedName(request);
  return withAnnotation(withMetadata(inputs, { name }), ANNOTATION.autonamed, "true");
}

function proposedName({
  name,
  randomSeed,
  autonaming,
}: Pick<CheckRequest, "name" | "randomSeed" | "autonaming">): string {
  if (autonaming?.mode === "disable") {
    throw new UserError(`${name}: autonaming is off in this stack (pulumi:autonaming), so metadata.name is required`);
  }
  if (autonaming?.proposedName) return autonaming.proposedName;
  const seed = randomSeed.length > 0 ? randomSeed : randomBytes(32);
  return `${name}-${createHash("sha256").update(seed).digest("hex").slice(0, RANDOM_CHARACTERS)}`.toLowerCase();
}

async function defaultNamespace(inputs: Props, context: CheckContext): Promise<Props> {
  const metadata = mapAt(inputs, "metadata");
  const isSet = metadata.namespace !== undefined && metadata.namespace !== "" && metadata.namespace !== null;
  if (isSet || !context.defaultNamespace || isUnknown(inputs.kind)) return inputs;
  if (!(await context.namespaced(inputs))) return inputs;
  return withMetadata(inputs, { namespace: context.defaultNamespace });
}

/** Whether the inputs ask not to wait for readiness. */
export const skipsAwait = (inputs: Props): boolean => annotation(inputs, ANNOTATION.skipAwait) === "true";
