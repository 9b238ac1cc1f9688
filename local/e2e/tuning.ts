import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { kubectl, type Stack } from "@media/drills/stack";
import { parseDocument } from "yaml";
import { REPO } from "../lib/paths.ts";
import { deploy } from "../stack/deploy.ts";
import { type Stack as OwnStack, pulumiWithConfig } from "../stack/pulumi.ts";
import { MINUTE, makeInGroup } from "./commands.ts";

const CONFIG = join(REPO, "Pulumi.dev.yaml");
const STATE = join(REPO, "evidence/tuning-dev.json");
const POOL = ["config", "media-platform:sizes", "api", "poolMax"];
const LOAD = ["STACK=dev", "RATE=3", "SECONDS=30", "RUNS=5", "ROUNDS=1"];

/** What the loop says as it begins a step, in the order in which the steps come. It is killed a moment later. */
const STEPS: readonly (readonly [what: string, line: RegExp])[] = [
  ["in a run of the baseline", /baseline: run 3 of 5/],
  ["while it deploys a change", /trying sizes\.api\.poolMax: \d+ instead of 1/],
  ["in a run with the change", /with sizes\.api\.poolMax \d+: run 2 of 5/],
  ["while it keeps the change, or takes it back", /sizes\.api\.poolMax \d+: (kept|rolled back)/],
];
const MOMENT_MS = 3_000;

interface Trial {
  key: string;
  from: number;
  to: number;
  outcome?: "kept" | "rolled back";
}

/** The tuning loop on the running stack, killed at each of its steps. */
export function tuning(own: () => OwnStack, stack: Stack): void {
  describe("tuning", () => {
    const committed = readFileSync(CONFIG, "utf8");

    beforeAll(async () => {
      rmSync(STATE, { force: true });
      const document = parseDocument(committed);
      document.setIn(POOL, 1);
      writeFileSync(CONFIG, String(document));
      await deploy(own());
    }, 5 * MINUTE);

    afterAll(async () => {
      writeFileSync(CONFIG, committed);
      rmSync(STATE, { force: true });
      await deploy(own());
    }, 5 * MINUTE);

    test.each(STEPS)(
      "is killed %s; what it did until then is in its state",
      async (_, line) => {
        const tune = makeInGroup("tune", ...LOAD);
        await tune.saw(line, 12 * MINUTE);
        await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
        tune.kill();
        expect(existsSync(STATE)).toBe(true);
        expect(JSON.parse(readFileSync(STATE, "utf8"))).toMatchObject({ schema: "media-tuning/1", stack: "dev" });
      },
      15 * MINUTE,
    );

    test(
      "the same command goes on to the end, and the stack is as was decided, never between",
      async () => {
        const { exitCode, all } = await makeInGroup("tune", ...LOAD).ended;
        expect([exitCode, exitCode === 0 ? "" : all]).toEqual([0, ""]);
        const { trials, end } = JSON.parse(readFileSync(STATE, "utf8")) as { trials: Trial[]; end?: string };
        expect(end).toBeDefined();
        const [trial] = trials as [Trial];
        expect([trial.key, trial.from]).toEqual(["sizes.api.poolMax", 1]);
        const decided = trial.outcome === "kept" ? trial.to : trial.from;
        expect(parseDocument(readFileSync(CONFIG, "utf8")).getIn(POOL)).toBe(decided);
        const path = `jsonpath={.spec.template.spec.containers[0].env[?(@.name=="PG_POOL_MAX")].value}`;
        expect(await kubectl(stack, ["get", "deployment", "api", "-o", path])).toBe(String(decided));
        const preview = await pulumiWithConfig(own(), "preview", ["--expect-no-changes"], { show: false });
        expect([preview.exitCode, preview.exitCode === 0 ? "" : preview.all]).toEqual([0, ""]);
      },
      20 * MINUTE,
    );
  });
}
