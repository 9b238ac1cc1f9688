const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
].join(", ");

/** Whether a registry on this machine has lost an image; one elsewhere would need credentials to ask, and is believed. */
export async function isLost(repoDigest: string): Promise<boolean> {
  const [, host, name, digest] = /^(127\.0\.0\.1:\d+)\/(.+)@(sha256:[0-9a-f]{64})$/.exec(repoDigest) ?? [];
  if (!host) return false;
  try {
    const url = `http://${host}/v2/${name}/manifests/${digest}`;
    const headers = { accept: MANIFESTS };
    return (await fetch(url, { method: "HEAD", headers, signal: AbortSignal.timeout(5000) })).status === 404;
  } catch {
    return false;
  }
}
