import { neededBy } from "./needs.ts";

test.each([
  ["POST", "/api/v1/requests", "primary"],
  ["POST", "/api/v1/auth/login", "primary"],
  ["POST", "/api/v1/payments/webhook?from=provider", "primary"],
  ["POST", "/api/v1/rum", undefined],
  ["GET", "/api/v1/requests?limit=5", "replica"],
  ["GET", "/api/v1/downloads", "replica"],
  ["GET", "/api/v1/requests/7", undefined],
  ["GET", "/api/v1/discover?mediaType=tv", undefined],
  ["GET", "/api/v1/openapi.json", undefined],
] as const)("%s %s waits for %p", (method, url, needed) => {
  expect(neededBy(method, url)).toBe(needed);
});
