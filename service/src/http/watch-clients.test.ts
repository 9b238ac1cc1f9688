import { expect, test } from "@jest/globals";
import type { Request, Response } from "express";
import type { Role } from "../model/roles.ts";
import type { Logger } from "../observability/log.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { identityOf } from "./auth-middleware.ts";
import { SUSPICIOUS_PER_MINUTE, watchClients } from "./watch-clients.ts";

/** Answers calls of one client, and tells what was reported. */
function watched(start = 0) {
  const found: unknown[] = [];
  const lines: Record<string, unknown>[] = [];
  const at = { ms: start };
  const metrics = { suspiciousClient: (labels: unknown) => found.push(labels) } as unknown as Metrics;
  const log = { warn: (fields: Record<string, unknown>) => lines.push(fields) } as unknown as Logger;
  const watch = watchClients(log, metrics, () => at.ms);
  const call = (times: number, { method = "GET", status = 401, ip = "203.0.113.1", role }: Partial<Call> = {}) => {
    for (let n = 0; n < times; n++) {
      const res = {} as Response;
      if (role) identityOf.set(res, { id: "u", role, limitKey: `user:${role}` });
      watch({ method, ip } as Request, res, status, "/api/v1/requests");
    }
  };
  return { found, lines, at, call };
}

interface Call {
  method: string;
  status: number;
  ip: string;
  role: Role;
}

test("a client with many refused calls is reported once a minute, by its fingerprint", () => {
  const { found, lines, at, call } = watched();
  call(SUSPICIOUS_PER_MINUTE.errors - 1);
  expect(found).toEqual([]);
  call(100);
  expect(found).toEqual([{ pattern: "errors" }]);
  expect(lines[0]).toMatchObject({ pattern: "errors", status: 401 });
  expect(JSON.stringify(lines)).not.toContain("203.0.113.1");
  at.ms = 60_000;
  call(SUSPICIOUS_PER_MINUTE.errors);
  expect(found).toHaveLength(2);
});

test("many clients with a few refused calls each are not", () => {
  const { found, call } = watched();
  for (let n = 0; n < 200; n++) call(SUSPICIOUS_PER_MINUTE.errors / 2, { ip: `203.0.${n}.1` });
  expect(found).toEqual([]);
});

test.each([
  ["moderator", 1],
  ["admin", 1],
  ["user", 0],
] as const)("reads in bulk of a %s are reported %d times", (role, times) => {
  const { found, call } = watched();
  call(SUSPICIOUS_PER_MINUTE["bulk-read"] - 1, { role, status: 200 });
  expect(found).toEqual([]);
  call(1, { role, status: 200 });
  expect(found).toEqual(Array.from({ length: times }, () => ({ pattern: "bulk-read" })));
});

test("errors of ours, answers that are right and clients that left count as nothing", () => {
  const { found, call } = watched();
  for (const status of [200, 201, 304, 499, 500, 503]) call(500, { status });
  call(500, { method: "POST", status: 200, role: "admin" });
  expect(found).toEqual([]);
});

test("memory does not grow with the number of clients", () => {
  const { found, call } = watched();
  for (let n = 0; n < 10_000; n++) call(1, { ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` });
  call(SUSPICIOUS_PER_MINUTE.errors, { ip: "203.0.113.9" });
  expect(found).toEqual([]);
});
