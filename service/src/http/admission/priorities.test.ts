import { PRIORITIES, SHARES } from "../../resilience/admission/priorities.ts";
import { CONTRACT } from "../contract/contract.ts";
import type { Operation } from "../contract/operation.ts";
import { priorityOf } from "./priorities.ts";

test("every list of the contract is one, and shares go down", () => {
  const paged = (Object.values(CONTRACT) as Operation[]).filter(({ query }) => "cursor" in (query?.shape ?? {}));
  expect(paged.length).toBeGreaterThan(2);
  for (const { path } of paged) expect(priorityOf("GET", path, true)).toBe("list");
  expect(PRIORITIES.map((name) => SHARES[name])).toEqual([...Object.values(SHARES)].sort((a, b) => b - a));
});

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
