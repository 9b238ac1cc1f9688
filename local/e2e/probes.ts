import { describe, expect, test } from "@jest/globals";
import { eventually } from "../lib/eventually.ts";
import { call, json } from "../verify/http.ts";
import { targetOf } from "../verify/journey.ts";
import { dev, MINUTE } from "./commands.ts";
import { inStack } from "./pods.ts";

/** Two rounds, and the scrape after them. */
const ROUNDS_SECONDS = 150;

interface Vector {
  readonly data: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
}

/** The prober's rounds, on the stack that is up. */
export function probes(): void {
  /** Success by service, under exactly the labels that do not change with a pod. */
  async function success(): Promise<Record<string, number>> {
    const { prometheusUrl } = await targetOf(dev());
    const { data } = json<Vector>(await call(`${prometheusUrl}/api/v1/query?query=media_probe_success`), 200);
    for (const { metric } of data.result)
      expect(Object.keys(metric).sort()).toEqual(["__name__", "job", "namespace", "service"]);
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric.service, Number(value[1])]));
  }

  /** The doubles are reached from inside only. */
  async function knobs(service: string, change: object): Promise<void> {
    const script = `const answer = await fetch("http://127.0.0.1:8080/control/${service}", {
      method: "PUT", headers: { "content-type": "application/json" }, body: '${JSON.stringify(change)}' });
      if (!answer.ok) throw new Error(await answer.text());`;
    const node = ["node", "--input-type=module", "-e", script];
    await inStack(dev(), "exec", "deploy/doubles", "--", ...node);
  }

  /** One more, at once: the next one of the schedule is up to a minute away. It is kept as long as those are. */
  const round = (name: string) =>
    inStack(dev(), "create", "job", `prober-${name}-${Date.now()}`, "--from=cronjob/prober");

  describe("the prober", () => {
    test(
      "every outside service is well, and one that is not is seen not to be",
      async () => {
        const well = { tmdb: 1, plex: 1, youtube: 1, overseerr: 1 };
        const sees = (wanted: object) =>
          eventually("the probes in Prometheus", ROUNDS_SECONDS, async () => expect(await success()).toEqual(wanted));
        await sees(well);
        await knobs("plex", { errorRate: 1 });
        await round("ill");
        await sees({ ...well, plex: 0 });
        await knobs("plex", {});
        await round("well");
        await sees(well);
      },
      10 * MINUTE,
    );
  });
}
