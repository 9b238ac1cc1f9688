import { imageError } from "./errors.ts";

/** Media type of an image manifest, as docker pushes it. */
export const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** The digest that the registry holds under a tag, or undefined where it holds none. */
export async function digestOf(registry: string, name: string, tag: string): Promise<string | undefined> {
  const answer = await ask(registry, name, tag);
  if (answer.status === 404) return undefined;
  const digest = answer.headers.get("docker-content-digest");
  if (!answer.ok || !digest) {
    throw imageError(name, `the registry ${registry} answered ${answer.status}`, "read the registry's log");
  }
  return digest;
}

async function ask(registry: string, name: string, tag: string): Promise<Response> {
  try {
    return await fetch(`http://${registry}/v2/${name}/manifests/${tag}`, {
      method: "HEAD",
      headers: { accept: MANIFEST },
      signal: AbortSignal.timeout(10_000),
    });
  } catch (error) {
    const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
    throw imageError(name, `the registry ${registry} does not answer: ${reason}`, "start it: make up");
  }
}
