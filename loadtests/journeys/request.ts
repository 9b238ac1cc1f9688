import type { Journey } from "./journey.ts";

export const request: Journey = {
  name: "request",
  about: "Somebody who is signed in searches for a film, asks for it, and looks what becomes of it.",
  weight: 4,
  steps: [
    {
      name: "find",
      operation: "search",
      query: { mediaType: "movie", query: { oneOf: ["matrix", "dark", "garden", "winter"] } },
    },
    {
      name: "request",
      operation: "createRequest",
      body: { mediaType: "movie", tmdbId: { fresh: "tmdbId" } },
      status: 201,
      save: { request: "id" },
      thinkSeconds: [0.2, 1],
    },
    { name: "read", operation: "getRequest", params: { id: { saved: "request" } } },
    { name: "list", operation: "listRequests", share: 0.6, query: { limit: { oneOf: [5, 20] } } },
  ],
};
