import { priorityOf } from "./priorities.ts";

test.each([
  ["POST", "/api/v1/requests", true, "write"],
  ["POST", "/api/v1/payments/webhook", false, "write"],
  ["POST", "/api/v1/payments/webhook?from=provider", false, "write"],
  ["GET", "/api/v1/payments/webhook", false, "anonymous"],
  ["POST", "/api/v1/rum", false, "anonymous"],
  ["POST", "/api/v1/auth/login", false, "anonymous"],
  ["GET", "/api/v1/requests/1", true, "interactive"],
  ["GET", "/api/v1/health/services", true, "interactive"],
  ["GET", "/api/v1/requests?limit=3", true, "list"],
  ["GET", "/api/v1/downloads", true, "list"],
  ["GET", "/api/v1/discover", false, "anonymous"],
] as const)("%s %s, with a token: %p, is %s", (method, url, authorized, priority) => {
  expect(priorityOf(method, url, authorized)).toBe(priority);
});
