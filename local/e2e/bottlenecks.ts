import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { kubectl, type Stack } from "@media/drills/stack";
import { podsReady } from "@media/drills/verify/pods";
import { analyse } from "@media/loadtests/analysis";
import { PLANTINGS, placeOf } from "@media/loadtests/plantings";
import { recordValues } from "../bench/figures.ts";
import { sizesOfStack, tunedProgram } from "../stack/automation.ts";
import type { Stack as OwnStack } from "../stack/pulumi.ts";
import { MINUTE, make } from "./commands.ts";
import { load } from "./load.ts";

const SECONDS = 75;

/** Each bottleneck put into the running stack, loaded, named, and taken out again. */
export function bottlenecks(own: () => OwnStack, stack: Stack): void {
  describe("bottlenecks", () => {
    const named: string[] = [];

    /** With more pods a fault in one of them would be one of three. */
    const mostPods = (count: number) =>
      kubectl(stack, ["patch", "hpa", "api", "--type=merge", "-p", JSON.stringify({ spec: { maxReplicas: count } })]);

    beforeAll(async () => void (await mostPods(1)), MINUTE);
    afterAll(async () => {
      await mostPods(3);
      const all = Object.keys(PLANTINGS).length;
      const name = "bottlenecks planted in the running stack that the analysis names first";
      await recordValues({ name, unit: "kinds", bound: all, atLeast: true }, [named.length]);
    }, MINUTE);

    test(
      "negative control: nothing is named in a stack where nothing was planted",
      async () => {
        const finding = analyse(await load("SHAPE=smoke", "RATE=2", `SECONDS=${SECONDS}`));
        expect([finding.kind, finding.path.map(({ ask, answer }) => `${ask} ${answer}`)]).toEqual([
          undefined,
          expect.anything(),
        ]);
      },
      5 * MINUTE,
    );

    test.each(Object.entries(PLANTINGS))(
      "%s is named first",
      async (name, { plant, kinds, rate, rows }) => {
        const place = placeOf(stack, async (changes) => {
          await tunedProgram(own(), await sizesOfStack(own())).deploy(changes);
        });
        if (rows) await make("seed", `ROWS=${rows}`);
        const remove = await plant(place);
        try {
          const finding = analyse(await load("SHAPE=smoke", `RATE=${rate}`, `SECONDS=${SECONDS}`));
          console.log(
            `${name}: ${finding.kind}\n${finding.path.map(({ ask, answer, evidence }) => `  ${ask} ${answer}: ${evidence.join("; ")}`).join("\n")}`,
          );
          expect(kinds).toContain(finding.kind);
          named.push(name);
        } finally {
          await remove();
          if (rows) await make("seed", "REMOVE=1");
          await podsReady(stack);
        }
      },
      15 * MINUTE,
    );

    test(
      "negative control: nothing is left of what was planted",
      async () => {
        const finding = analyse(await load("SHAPE=smoke", "RATE=2", `SECONDS=${SECONDS}`));
        expect([finding.kind, finding.about]).toEqual([undefined, expect.any(String)]);
      },
      5 * MINUTE,
    );
  });
}
