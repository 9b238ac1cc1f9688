import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack, type Target, targetOf } from "@media/drills/stack";
import { call } from "@media/drills/verify/http";
import { recordValues } from "../bench/figures.ts";
import { sizesOfStack, tunedProgram } from "../stack/automation.ts";
import type { Stack as OwnStack } from "../stack/pulumi.ts";
import { MINUTE } from "./commands.ts";
import { load } from "./load.ts";

/** Lower than what a small load needs, so that two cores are enough to scale out. */
const LOW_TARGET = { "sizes.api.cpuTargetMilli": 60 };
/** One process never uses more than one core: at this target nothing is added. */
export const HIGH_TARGET = { "sizes.api.cpuTargetMilli": 1_000 };
/** From the first request of the rush until all pods that there may be take traffic. */
const CAPACITY_SECONDS = 45;
/** The load is lower for two minutes before the first pod goes, and the second goes 30 s after it. */
const BACK_SECONDS = 300;
/** Sessions a second, of three requests each. */
const RATE = 8;
const RUSH_SECONDS = 75;

/** The autoscaler of the api, from one pod to three under load and back. */
export function scaling(own: () => OwnStack, stack: Stack): void {
  describe("scaling", () => {
    const program = async () => tunedProgram(own(), await sizesOfStack(own()));

    afterAll(async () => (await program()).deploy({}), 5 * MINUTE);

    test(
      "negative control: with a target that no process reaches, the same load adds no pod",
      async () => {
        await (await program()).deploy(HIGH_TARGET);
        await readyPods(stack, "api", 1, 60);
        const { requests, failed } = await rush(RUSH_SECONDS);
        expect(requests).toBeGreaterThan(RUSH_SECONDS * RATE);
        expect([failed, await ready(stack, "api")]).toEqual([0, 1]);
      },
      5 * MINUTE,
    );

    test(
      `under load 1 → 3 pods take traffic within ${CAPACITY_SECONDS} s, and 1 again afterwards; no request fails`,
      async () => {
        await (await program()).deploy(LOW_TARGET);
        await readyPods(stack, "api", 1, 60);
        const trickle = startTrickle(await targetOf(stack));
        const rushing = rush(RUSH_SECONDS);
        const readyAt = await untilCapacity(stack, rushing);
        const { requests, failed, startedAt } = await rushing;
        const seconds = (readyAt - Date.parse(startedAt)) / 1000;
        await readyPods(stack, "api", 1, BACK_SECONDS);
        const asked = await trickle.stop();
        const what = "scale-out of the api, 1 → 3 pods under a rush, and back";
        await recordValues({ name: `${what}: from the rush to three ready pods`, unit: "s", bound: CAPACITY_SECONDS }, [
          seconds,
        ]);
        await recordValues({ name: `${what}: failed requests`, unit: "requests", bound: 0 }, [
          failed + asked.failures.length,
        ]);
        expect(requests).toBeGreaterThan(RUSH_SECONDS * RATE);
        expect([failed, asked.failures]).toEqual([0, []]);
        expect(asked.calls).toBeGreaterThan(100);
        expect(seconds).toBeLessThanOrEqual(CAPACITY_SECONDS);
      },
      10 * MINUTE,
    );
  });
}

/** When three pods are ready, in milliseconds since 1970. */
export async function untilCapacity(stack: Stack, rushing: Promise<unknown>): Promise<number> {
  let over = false;
  const ended = () => {
    over = true;
  };
  rushing.then(ended, ended);
  while ((await ready(stack, "api")) < 3) {
    if (over) throw new Error(`the load is over, and ${await ready(stack, "api")} pods are ready`);
    await sleep(500);
  }
  return Date.now();
}

export async function ready(stack: Stack, workload: string): Promise<number> {
  const found = await kubectl(stack, ["get", "deployment", workload, "-o", "jsonpath={.status.readyReplicas}"]);
  return Number(found || 0);
}

export const readyPods = (stack: Stack, workload: string, count: number, seconds: number) =>
  eventually(`${count} ready pods of ${workload}`, seconds, async () => {
    const now = await ready(stack, workload);
    if (now !== count) throw new Error(`${now} are ready`);
  });

/** A run at one rate; the answers of this journey are not in the gateway's cache. */
export async function rush(seconds: number): Promise<{ requests: number; failed: number; startedAt: string }> {
  const { steps, run } = await load("SHAPE=smoke", "JOURNEY=request", `RATE=${RATE}`, `SECONDS=${seconds}`);
  const sum = (of: "requests" | "failed") => steps.reduce((all, step) => all + step[of], 0);
  return { requests: sum("requests"), failed: sum("failed"), startedAt: run.startedAt };
}

/** A call each half second also after the rush, so that a pod that goes is seen to lose none. */
function startTrickle({ gatewayUrl, caPem: ca, credentials }: Target) {
  const failures: string[] = [];
  let [calls, going] = [0, true];
  const headers = { authorization: `Bearer ${credentials.devToken}` };
  const loop = async () => {
    while (going) {
      calls += 1;
      await call(`${gatewayUrl}/api/v1/requests?limit=1`, { ca, headers }).then(
        ({ status }) => status < 400 || failures.push(String(status)),
        (error) => failures.push(String(error)),
      );
      await sleep(500);
    }
  };
  const ended = loop();
  return {
    async stop() {
      going = false;
      await ended;
      return { calls, failures };
    },
  };
}
