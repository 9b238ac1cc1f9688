/** Asked by Kubernetes: the server answers. Pages stay usable without the API, so it is not asked here. */
export function GET(): Response {
  return new Response("ok\n", { headers: { "cache-control": "no-store" } });
}
export const dynamic = "force-dynamic";
