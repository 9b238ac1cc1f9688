import { kubectl, type Stack } from "../lib/stack.ts";

/**
 * Sets the fault knobs of a double of an upstream service. An empty change resets them. The doubles can be reached from
 * inside their pod only.
 *
 * @param service tmdb, plex, youtube or overseerr
 * @param knobs such as `{ errorRate: 1 }`
 */
export async function setUpstreamFault(stack: Stack, service: string, knobs: object): Promise<void> {
  const script = `const answer = await fetch("http://127.0.0.1:8080/control/${service}", {
    method: "PUT", headers: { "content-type": "application/json" }, body: '${JSON.stringify(knobs)}' });
    if (!answer.ok) throw new Error(await answer.text());`;
  await kubectl(stack, ["exec", "deploy/doubles", "--", "node", "--input-type=module", "-e", script]);
}
