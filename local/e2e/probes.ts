import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { setUpstreamFault } from "@media/drills/faults/upstream-failing";
import { kubectl, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { devAccess, MINUTE } from "./commands.ts";

/** Two rounds and the scrape after them. */
const ROUNDS_SECONDS = 150;

interface Vector {
  readonly data: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
}

/** The prober's rounds on the running stack. */
export function probes(): void {
  /** Success by service, under exactly the labels that do not change with a pod. */
  async function success(): Promise<Record<string, number>> {
    const { prometheusUrl } = await targetOf(devAccess());
    const { data } = json<Vector>(await call(`${prometheusUrl}/api/v1/query?query=media_probe_success`), 200);
    for (const { metric } of data.result)
      expect(Object.keys(metric).sort()).toEqual(["__name__", "job", "namespace", "service"]);
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric.service, Number(value[1])]));
  }

  /** Starts a round at once: the next one of the schedule is up to a minute away. */
  const round = (name: string) =>
    kubectl(devAccess(), ["create", "job", `prober-${name}-${Date.now()}`, "--from=cronjob/prober"]);

  describe("the prober", () => {
    test(
      "every upstream service is up, and one that fails is reported as down",
      async () => {
        const up = { tmdb: 1, plex: 1, youtube: 1, overseerr: 1 };
        const sees = (wanted: object) =>
          eventually("the probes in Prometheus", ROUNDS_SECONDS, async () => expect(await success()).toEqual(wanted));
        await sees(up);
        await setUpstreamFault(devAccess(), "plex", { errorRate: 1 });
        await round("down");
        await sees({ ...up, plex: 0 });
        await setUpstreamFault(devAccess(), "plex", {});
        await round("up");
        await sees(up);
      },
      10 * MINUTE,
    );
  });
}
