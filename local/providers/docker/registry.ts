import type { CheckResult, DiffResult, PropertyDiff } from "../lib/provider.ts";
import { equal, isMap, type Props } from "../lib/values.ts";
import { registryOf } from "./image.ts";

/** `docker:index/registryImage:RegistryImage`: pushes an image that the daemon has already. */
export function checkRegistryImage(news: Props): CheckResult {
  const failures = [];
  if (news.name === undefined) failures.push({ property: "name", reason: "name is required" });
  if (news.build !== undefined) {
    failures.push({
      property: "build",
      reason: "not supported by this docker plugin; build with docker.Image instead",
    });
  }
  return { inputs: news, failures };
}

/** A new name or trigger pushes again, as a new resource. */
export function diffRegistryImage(olds: Props, news: Props, ignoreChanges: string[]): DiffResult {
  const detailed: { [path: string]: PropertyDiff } = {};
  for (const key of ["name", "triggers"]) {
    if (equal(olds[key], news[key]) || ignoreChanges.includes(key)) continue;
    detailed[key] = { kind: key in olds ? "update" : "add", replace: true };
  }
  return { changes: Object.keys(detailed).length > 0, detailed };
}

/** Whether a registry on this machine has lost an image; one elsewhere would need credentials to ask, and is believed. */
export async function isLost(repoDigest: string): Promise<boolean> {
  const match = /^(127\.0\.0\.1:\d+)\/(.+)@(sha256:[0-9a-f]{64})$/.exec(repoDigest);
  if (!match) return false;
  const [, host, name, digest] = match;
  const accept = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
  ].join(", ");
  try {
    const url = `http://${host}/v2/${name}/manifests/${digest}`;
    const response = await fetch(url, { method: "HEAD", headers: { accept }, signal: AbortSignal.timeout(5000) });
    return response.status === 404;
  } catch {
    return false;
  }
}

export function authOf(inputs: Props): { server: string; username?: string; password?: string } {
  const auth = isMap(inputs.authConfig ?? null) ? (inputs.authConfig as Props) : {};
  const server = String(auth.address ?? registryOf(String(inputs.name ?? ""))).replace(/^https?:\/\//, "");
  const { username, password } = auth;
  return {
    server,
    ...(username !== undefined && { username: String(username) }),
    ...(password !== undefined && { password: String(password) }),
  };
}
