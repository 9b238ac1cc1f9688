import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { devAccess, MINUTE } from "./commands.ts";

/** The stack's measurements of itself. They can be checked on the whole stack only. */
export function signals(): void {
  describe("signals", () => {
    test(
      "an error of the gateway itself is a problem document, and is counted as the gateway's",
      async () => {
        const { gatewayUrl, caPem: ca } = await targetOf(devAccess());
        const api = `${gatewayUrl}/api/v1`;
        const own = {
          404: await call(`${gatewayUrl}/-/problems/500`, { ca }),
          413: await call(`${api}/requests`, { ca, method: "POST", body: "x".repeat(1_100_000) }),
          414: await call(`${api}/${"x".repeat(40_000)}`, { ca }),
        };
        for (const [status, answer] of Object.entries(own)) {
          expect(answer.headers["content-type"]).toBe("application/problem+json");
          expect(json(answer, Number(status))).toMatchObject({ status: Number(status), hint: expect.any(String) });
          await isPositive(`sum(gateway_http_responses_total{source="gateway",status="${status}"})`);
        }
        // The front end's answers are its own, not the service's.
        expect((await call(gatewayUrl, { ca })).status).toBe(200);
        await isPositive('sum(gateway_http_responses_total{source="web",status="200"})');
        // The control: the service's own 404 counts as the service's.
        expect((await call(`${api}/nothing`, { ca })).status).toBe(404);
        await isPositive('sum(gateway_http_responses_total{source="service",status="404"})');
      },
      3 * MINUTE,
    );

    test(
      "the cost of database statements is in Prometheus, with their ids and without their texts",
      async () => {
        await isPositive("count(pg_stat_statements_calls_total)");
        await expect(isPositive('count(pg_stat_statements_calls_total{query!=""})', 2)).rejects.toThrow(/not within/);
      },
      2 * MINUTE,
    );
  });
}

async function isPositive(query: string, seconds = 60): Promise<void> {
  const { prometheusUrl } = await targetOf(devAccess());
  await eventually(query, seconds, async () => {
    const answer = await call(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = json<{ data: { result: { value: [number, string] }[] } }>(answer, 200);
    if (!(Number(data.result[0]?.value[1]) > 0)) throw new Error(`it is ${answer.text}`);
  });
}
