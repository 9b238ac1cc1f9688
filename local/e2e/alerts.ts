import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { journey } from "@media/drills/verify/journey";
import { MINUTE } from "./commands.ts";
import { fieldOf } from "./pods.ts";

interface Message {
  id: number;
  channel: string;
  to: string;
  status: string;
  alerts: string[];
}

const ALERT = "ServiceDown";
/** Where a critical alert goes; `to` of PagerDuty is its key, of the webhook its receiver. */
const CRITICAL_WAYS = ["email", "pagerduty", "slack", "webhook"];

/** A real fault, the rule that names it, and the receivers of its severity. */
export function alerts(stack: Stack): void {
  describe("alerts", () => {
    test(
      "no api at all: one page on each way of a critical alert within 75 s, none on others, and its end is told",
      async () => {
        const before = (await messages(stack)).at(-1)?.id ?? 0;
        const since = async (status: string) =>
          (await messages(stack, before)).filter((m) => m.status === status && m.alerts.includes(ALERT));
        const replicas = await fieldOf(stack, "deployment/api", "{.spec.replicas}");
        const start = Date.now();
        await kubectl(stack, ["scale", "deployment/api", "--replicas=0"]);
        try {
          await eventually("a message on each way", 150, async () => {
            expect((await since("firing")).map(({ channel }) => channel).sort()).toEqual(CRITICAL_WAYS);
          });
          console.log(`[figure] from the outage to the last way: ${((Date.now() - start) / 1000).toFixed(1)} s`);
          const slack = (await since("firing")).filter(({ channel }) => channel === "slack");
          expect(slack.map(({ to }) => to)).toEqual([expect.stringContaining("critical-alerts")]);
        } finally {
          await kubectl(stack, ["scale", "deployment/api", `--replicas=${replicas}`]);
          await kubectl(stack, ["rollout", "status", "deployment/api", "--timeout=120s"]);
        }
        await eventually("the end to be told", 240, async () => {
          expect((await since("resolved")).map(({ channel }) => channel)).toContain("pagerduty");
        });
        // The control: a fault that did not happen meanwhile was not told.
        const told = (await messages(stack, before)).flatMap((message) => message.alerts);
        expect(told).not.toContain("DatabaseDown");
        await eventually("the service to answer again", 60, async () => {
          await journey(await targetOf(stack));
        });
      },
      8 * MINUTE,
    );
  });
}

async function messages(stack: Stack, since = 0): Promise<Message[]> {
  const { sinkUrl } = (await stack.outputs()) as { sinkUrl: string };
  const answer = await call(`${sinkUrl}/messages?since=${since}`);
  return json<{ messages: Message[] }>(answer, 200).messages;
}
