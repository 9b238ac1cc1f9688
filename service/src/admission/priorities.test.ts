import { priorityOf } from "./priorities.ts";

test.each([
  ["POST", "/api/v1/requests", true, "write"],
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

test.each([
  ["POST", "/api/v1/payments/webhook", true, "write"],
  ["POST", "/api/v1/payments/webhook?from=provider", true, "write"],
  ["POST", "/api/v1/payments/webhook", false, "anonymous"],
  ["GET", "/api/v1/payments/webhook", true, "anonymous"],
  ["POST", "/api/v1/auth/login", true, "anonymous"],
] as const)("%s %s without a token, with a signature: %p, is %s", (method, url, signed, priority) => {
  expect(priorityOf(method, url, false, signed)).toBe(priority);
});
