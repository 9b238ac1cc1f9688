import { UserError } from "../lib/provider.ts";
import { ApiError, Client } from "./client.ts";
import { type Access, type Choice, resolveAccess } from "./kubeconfig.ts";

/** The provider's settings, resolved from its inputs, the environment and their defaults. */
export interface Settings extends Choice {
  enableServerSideApply: boolean;
  upsertExistingObjects: boolean;
  enablePatchForce: boolean;
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
}

const FLAGS = {
  enableServerSideApply: { env: "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", byDefault: true },
  upsertExistingObjects: { env: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS", byDefault: false },
  enablePatchForce: { env: "PULUMI_K8S_ENABLE_PATCH_FORCE", byDefault: false },
  enableConfigMapMutable: { env: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", byDefault: false },
  enableSecretMutable: { env: "PULUMI_K8S_ENABLE_SECRET_MUTABLE", byDefault: false },
  deleteUnreachable: { env: "PULUMI_K8S_DELETE_UNREACHABLE", byDefault: false },
  skipUpdateUnreachable: { env: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", byDefault: false },
} as const;
const CHOICES = ["kubeconfig", "context", "cluster", "namespace"] as const;

/** Settings that change what a deployment does and that this plugin does not have: silence would be a surprise. */
const UNSUPPORTED: { [key: string]: string } = {
  renderYamlToDirectory: "rendering manifests to a folder needs the official kubernetes plugin",
  strictMode: "strict mode needs the official kubernetes plugin",
};

export const PREFIX = "kubernetes:config:";

/** `get` looks one provider input up by name. */
export function readSettings(get: (key: string) => string | undefined): Settings {
  for (const [key, remedy] of Object.entries(UNSUPPORTED)) {
    if (get(key) && get(key) !== "false") throw new UserError(`kubernetes:${key} is not supported here: ${remedy}`);
  }
  const flags = Object.entries(FLAGS).map(([key, { env, byDefault }]) => [
    key,
    isTrue(get(key) ?? process.env[env], byDefault),
  ]);
  const choices = CHOICES.map((key) => [key, get(key) || undefined]);
  const settings = Object.fromEntries([...flags, ...choices]) as unknown as Settings;
  if (!settings.enableServerSideApply) {
    throw new UserError(
      "kubernetes:enableServerSideApply=false is not supported here: use server-side apply, or the official plugin",
    );
  }
  return settings;
}

function isTrue(text: string | undefined, byDefault: boolean): boolean {
  return text === undefined || text === "" ? byDefault : text === "true" || text === "1";
}

/** A configured cluster. One that cannot be reached is known by its reason: previews go on without it. */
export interface Cluster {
  settings: Settings;
  /** Where namespaced objects without a namespace go. */
  defaultNamespace: string;
  access: Access | undefined;
  client: Client | undefined;
  /** Why there is no client. */
  unreachable: string | undefined;
}

export function configureCluster(settings: Settings): Cluster {
  try {
    const access = resolveAccess(settings);
    return { settings, defaultNamespace: access.namespace, access, client: new Client(access), unreachable: undefined };
  } catch (error) {
    const unreachable = (error as Error).message;
    const defaultNamespace = settings.namespace ?? "default";
    return { settings, defaultNamespace, access: undefined, client: undefined, unreachable };
  }
}

/** A server that is there answers this fast, if only to refuse. */
const PROBE_TIMEOUT_MS = 10_000;

/**
 * Asks once whether the server answers, where a setting says what to do when it does not. Without such a setting nothing is asked:
 * a preview without changes costs no request.
 */
export async function probe(cluster: Cluster, timeoutMs = PROBE_TIMEOUT_MS): Promise<Cluster> {
  const { deleteUnreachable, skipUpdateUnreachable } = cluster.settings;
  if (!cluster.client || !(deleteUnreachable || skipUpdateUnreachable)) return cluster;
  try {
    await cluster.client.text("GET", "/version", { timeoutMs });
    return cluster;
  } catch (error) {
    if (error instanceof ApiError) return cluster;
    return { ...cluster, client: undefined, unreachable: (error as Error).message };
  }
}

/** The client, or an error that says why there is none. */
export function clientOf(cluster: Cluster | undefined): Client {
  if (!cluster) {
    throw new UserError(
      "the Kubernetes provider is not configured yet: one of its inputs is not known before the deployment",
    );
  }
  if (!cluster.client) throw new UserError(`the Kubernetes cluster is not configured: ${cluster.unreachable}`);
  return cluster.client;
}
