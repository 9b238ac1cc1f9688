import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { type Stack, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { MINUTE } from "./commands.ts";

/** One reading path of each program; Grafana's image cannot be pulled here, so that its path is nobody's. */
const PATHS = {
  prometheus: "/api/v1/query?query=up",
  alertmanager: "/api/v2/status",
  jaeger: "/api/services",
  loki: "/loki/api/v1/labels",
} as const;
const GRAFANA = "/ops/grafana/api/health";

/** The one sign-in before the operators' pages, on the running stack. */
export function signIn(stack: Stack): void {
  describe("the operators' sign-in", () => {
    test(
      "refuses all pages without a sign-in and to a plain user, and lets an administrator read them",
      async () => {
        const { gatewayUrl, caPem: ca, credentials } = await targetOf(stack);
        const get = async (path: string, headers: Record<string, string>) =>
          (await call(`${gatewayUrl}${path}`, { ca, headers })).status;
        const post = (path: string, body: unknown) => call(`${gatewayUrl}/api/v1${path}`, { method: "POST", ca, body });
        const account = { email: `${randomUUID()}@example.com`, password: randomUUID() };
        json(await post("/auth/register", { ...account, name: "Plain User" }), 201);
        const { accessToken } = json<{ accessToken: string }>(await post("/auth/login", account), 201);
        const [user, admin] = [accessToken, credentials.devToken].map((token) => ({
          authorization: `Bearer ${token}`,
        }));
        const paths = Object.entries(PATHS).map(([name, path]) => `/ops/${name}${path}`);
        for (const path of [...paths, GRAFANA]) {
          expect([path, await get(path, {})]).toEqual([path, 401]);
          expect([path, await get(path, { accept: "text/html" })]).toEqual([path, 303]);
          expect([path, await get(path, user as Record<string, string>)]).toEqual([path, 403]);
        }
        for (const path of paths) expect([path, await get(path, admin as Record<string, string>)]).toEqual([path, 200]);
        expect(await get(GRAFANA, admin as Record<string, string>)).toBe(404);
      },
      MINUTE,
    );

    test(
      "negative control: not even an administrator stops Prometheus, writes logs, or comes from another site",
      async () => {
        const { gatewayUrl, caPem: ca, credentials } = await targetOf(stack);
        const headers = { authorization: `Bearer ${credentials.devToken}` };
        const post = async (path: string, more: Record<string, string> = {}) =>
          (await call(`${gatewayUrl}${path}`, { method: "POST", ca, headers: { ...headers, ...more }, body: {} }))
            .status;
        expect(await post("/ops/prometheus/-/quit")).toBe(403);
        expect(await post("/ops/loki/loki/api/v1/push")).toBe(403);
        expect(await post("/ops/alertmanager/api/v2/silences", { "sec-fetch-site": "cross-site" })).toBe(403);
        // It reaches Alertmanager, which wants more than that.
        expect(await post("/ops/alertmanager/api/v2/silences")).toBeGreaterThanOrEqual(400);
      },
      MINUTE,
    );
  });
}
