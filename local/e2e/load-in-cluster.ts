import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack } from "@media/drills/stack";
import { execa } from "execa";
import { REPO } from "../lib/paths.ts";
import { MINUTE, makeInGroup } from "./commands.ts";
import { load } from "./load.ts";

const JOBS = ["get", "jobs,networkpolicies", "-l", "media-platform/load-generator", "-o", "name"];
const knock = (host: string, port: number) =>
  `require("node:net").connect(${port}, "${host}").setTimeout(3000, () => process.exit(1)).on("error", () => process.exit(1)).on("connect", () => process.exit(0))`;

/** Generators run in the stack's namespace, and what they find goes into its backup store. */
export function loadInCluster(stack: Stack): void {
  const gone = () =>
    eventually("the generator's Job and policies to be gone", 60, async () => {
      const left = await kubectl(stack, JOBS);
      if (left !== "") throw new Error(left);
    });

  describe("a generator in the cluster", () => {
    test.each(["custom", "k6"])(
      "%s loads the gateway from its own namespace, and leaves nothing",
      async (tool) => {
        const result = await load("WHERE=cluster", `TOOL=${tool}`, "SECONDS=10", "RATE=1");
        expect(result.run.target).toBe("https://gateway-inside:8444");
        expect(result.sessions.ended).toBe(result.sessions.planned);
        expect(result.steps.reduce((sum, { failed }) => sum + failed, 0)).toBe(0);
        await gone();
      },
      20 * MINUTE,
    );

    test(
      "reaches the gateway and no other Service, and is gone after Ctrl-C",
      async () => {
        const child = makeInGroup("load", "WHERE=cluster", "TOOL=custom", "SECONDS=300", "RATE=1", "STACK=dev");
        await child.saw(/job\/load-generator-/, 2 * MINUTE);
        const [job = ""] = (
          await kubectl(stack, ["get", "jobs", "-l", "media-platform/load-generator", "-o", "name"])
        ).split("\n");
        const reach = (host: string, port: number) =>
          kubectl(stack, ["exec", job, "--", "node", "-e", knock(host, port)]);
        await reach("gateway-inside", 8444);
        for (const [host, port] of [
          ["pgbouncer", 6432],
          ["api", 8080],
          ["prometheus", 9090],
        ] as const)
          await expect(reach(host, port)).rejects.toThrow("exit");
        process.kill(-(child.ended.pid as number), "SIGINT");
        await child.ended;
        await gone();
      },
      10 * MINUTE,
    );

    test(
      "its runs are in the backup store, where another machine finds them",
      async () => {
        await eventually("a run whose generator was not the limit", 600, async () => {
          const { generatorLimited } = await load("TOOL=custom", "SECONDS=5", "RATE=1", "KEEP=ring4");
          if (generatorLimited) throw new Error(generatorLimited);
        });
        const found = await stack.outputs();
        const file = join(mkdtempSync(join(tmpdir(), "outputs-")), "outputs.json");
        writeFileSync(file, JSON.stringify(found), { mode: 0o600 });
        const { file: kubeconfig = "", context = "" } = stack.kubeconfig;
        const { stdout } = await execa(
          process.execPath,
          [
            "loadtests/main.ts",
            "baselines",
            "--from",
            "store",
            "--outputs",
            file,
            "--kubeconfig",
            kubeconfig,
            "--context",
            context,
          ],
          { cwd: REPO },
        );
        expect(stdout).toMatch(/^ring4: stack dev, custom, smoke-normal, \d+ runs$/m);
      },
      15 * MINUTE,
    );
  });
}
