import type { DEGRADATION } from "../src/http/degradation.ts";
import { type Answer, call, PASSWORD, post, postAs } from "./calls.ts";
import { DEV_TOKEN, eventually } from "./platform.ts";
import { client } from "./sockets.ts";

export type Probe = keyof (typeof DEGRADATION)["tmdb"];
export type Probes = Record<Probe, () => Promise<Answer>>;

/** How long an update is waited for before it is late. */
const HEARING_MS = 2_000;

/** Takes the request back or tries it again, and waits for the live update of that; `late` in the answer where it did not come. */
export async function changeAndHear(port: number, id: string): Promise<Answer> {
  const { ready, updates, socket } = client(port, DEV_TOKEN);
  try {
    await ready();
    const change = (what: string) => postAs(port, DEV_TOKEN, `/api/v1/requests/${id}/${what}`);
    const cancelled = await change("cancel");
    const answer = cancelled.status === 409 ? await change("retry") : cancelled;
    if (answer.status >= 500) return answer;
    const heard = eventually(() => expect(updates().map(({ payload }) => payload.id)).toContain(id), HEARING_MS);
    return await heard.then(
      () => answer,
      () => ({ ...answer, body: { ...answer.body, late: true } }),
    );
  } finally {
    socket.disconnect();
  }
}

let next = 400_000;

/** Every operation in DEGRADATION; of upstreams each time something that is not in a cache. */
export function freshProbes(port: number, { id, email }: { id: string; email: string }): Probes {
  const get = (path: string) => call(port, `/api/v1/${path}`);
  return {
    createRequest: () => post(port, { mediaType: "movie", tmdbId: ++next }),
    listRequests: () => get("requests?limit=1"),
    getRequest: () => get(`requests/${id}`),
    login: () => postAs(port, "", "/api/v1/auth/login", { email, password: PASSWORD }),
    getOpenapi: () => get("openapi.json"),
    discover: () => get(`discover?mediaType=movie&page=${(++next % 900) + 1}`),
    listTrailers: () => get(`titles/movie/${++next}/trailers`),
    getLibrary: () => get(`library?limit=${(++next % 100) + 1}`),
    getOverseerr: () => get("admin/overseerr"),
    liveUpdates: () => changeAndHear(port, id),
  };
}
