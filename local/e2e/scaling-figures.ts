import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack } from "@media/drills/stack";
import { sql } from "@media/drills/verify/postgres";
import { sizesOfStack, tunedProgram } from "../stack/automation.ts";
import type { Stack as OwnStack } from "../stack/pulumi.ts";
import { MINUTE } from "./commands.ts";
import { HIGH_TARGET, ready, readyPods, rush, untilCapacity } from "./scaling.ts";

/** Of the load's 24 requests per second five pods would be needed, by a figure that a minute's load makes. */
const FEW_REQUESTS = { ...HIGH_TARGET, "sizes.api.requestsTarget": 5 };
const RUSH_SECONDS = 120;
/** A queue that no worker looks at: its job stays late. */
const LATE = "e2e-late";
const BACK_SECONDS = 480;
/** No pod goes sooner after the load: the autoscaler waits for two minutes. */
const HELD_SECONDS = 100;
/** Another limit of memory than the tier's, so that the Deployment is updated. */
const OTHER_MI = 400;
const API = "/apis/external.metrics.k8s.io/v1beta1";

/** How many pods the api is to have, with which limit of memory, once a second: "3 400Mi". */
async function numbers(stack: Stack, seconds: number): Promise<string[]> {
  const memory = "{.spec.template.spec.containers[0].resources.limits.memory}";
  const seen: string[] = [];
  for (const until = Date.now() + seconds * 1_000; Date.now() < until; await sleep(1_000))
    seen.push(await kubectl(stack, ["get", "deployment", "api", "-o", `jsonpath={.spec.replicas} ${memory}`]));
  return seen;
}

/** The autoscalers by what Prometheus records, and what they do without it. */
export function scalingByFigures(own: () => OwnStack, stack: Stack): void {
  describe("scaling by figures of Prometheus", () => {
    const program = async () => tunedProgram(own(), await sizesOfStack(own()));
    const figure = async (name: string, workload: string) => {
      const path = `${API}/namespaces/${stack.namespace}/${name}?labelSelector=workload%3D${workload}`;
      const { items } = JSON.parse(await kubectl(stack, ["get", "--raw", path])) as { items: { value: string }[] };
      return items.map(({ value }) => value);
    };
    const prometheus = (replicas: number) =>
      kubectl(stack, ["scale", "deployment/prometheus", `--replicas=${replicas}`]);
    const complaints = async () => {
      const fields =
        "involvedObject.kind=HorizontalPodAutoscaler,involvedObject.name=api,reason=FailedGetExternalMetric";
      return kubectl(stack, ["get", "events", "--field-selector", fields, "-o", "name"]);
    };
    const noLateJobs = () =>
      sql(
        stack,
        "primary",
        `delete from pgboss.job where name = '${LATE}'; select pgboss.delete_queue(name) from pgboss.queue where name = '${LATE}'`,
      );

    beforeAll(async () => (await program()).deploy(FEW_REQUESTS), 5 * MINUTE);
    afterAll(async () => {
      await prometheus(1);
      await noLateJobs();
      await (await program()).deploy({});
    }, 10 * MINUTE);

    test(
      "each workload has its figure",
      () =>
        eventually("a figure of each", 120, async () => {
          for (const workload of ["api", "gateway", "web"])
            expect(await figure("workload_requests_per_second", workload)).toHaveLength(1);
          expect(await figure("workload_queue_age_seconds", "worker")).toHaveLength(1);
          expect(await figure("workload_requests_per_second", "nothing")).toEqual([]);
        }),
      3 * MINUTE,
    );

    test(
      "negative control: without Prometheus the same load adds no pod, and the autoscaler says why",
      async () => {
        await readyPods(stack, "api", 1, BACK_SECONDS);
        await prometheus(0);
        await eventually("the autoscaler to miss its figure", 90, async () => {
          expect(await complaints()).toContain("event/");
        });
        const { failed } = await rush(60);
        expect([failed, await ready(stack, "api")]).toEqual([0, 1]);
        await prometheus(1);
        await readyPods(stack, "prometheus", 1, 180);
      },
      15 * MINUTE,
    );

    test(
      "by requests per second 1 → 3 pods of the api, while CPU asks for none; an update leaves the number, and later it is 1 again",
      async () => {
        const rushing = rush(RUSH_SECONDS);
        await untilCapacity(stack, rushing);
        expect((await rushing).failed).toBe(0);
        const deploying = (await program()).deploy({ ...FEW_REQUESTS, "sizes.api.memoryMi": OTHER_MI });
        const [seen] = await Promise.all([numbers(stack, HELD_SECONDS), deploying]);
        expect(seen.at(-1)).toBe(`3 ${OTHER_MI}Mi`);
        expect(seen.filter((one) => !one.startsWith("3 "))).toEqual([]);
        await readyPods(stack, "api", 1, BACK_SECONDS);
        // The control of what was watched: the autoscaler's own step is seen.
        expect((await numbers(stack, 1)).at(-1)).toBe(`1 ${OTHER_MI}Mi`);
      },
      15 * MINUTE,
    );

    test(
      "by a job that is late 1 → 2 workers, and 1 again when it is gone",
      async () => {
        await readyPods(stack, "worker", 1, BACK_SECONDS);
        await sql(
          stack,
          "primary",
          `select pgboss.create_queue('${LATE}', '{"policy":"standard"}'); insert into pgboss.job (name, start_after) values ('${LATE}', now() - interval '45 seconds')`,
        );
        await readyPods(stack, "worker", 2, 180);
        await noLateJobs();
        await readyPods(stack, "worker", 1, BACK_SECONDS);
      },
      20 * MINUTE,
    );
  });
}
