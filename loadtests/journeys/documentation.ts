import type { Journey } from "./journey.ts";

export const documentation: Journey = {
  name: "documentation",
  about: "A developer reads about the API and its live updates, and what an error means.",
  weight: 0.5,
  steps: [
    { name: "docs", operation: "getDocs", page: true },
    { name: "problem", operation: "readProblem", params: { code: { oneOf: ["rate-limited", "quota-exceeded"] } } },
  ],
};
