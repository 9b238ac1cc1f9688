import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { execa } from "execa";
import { REPO } from "../lib/paths.ts";
import { pulumi } from "../stack/pulumi.ts";
import { dev, MINUTE } from "./commands.ts";

interface Report {
  stops: unknown[];
  stacks: { changes: { title: string; action: string }[] }[];
}

/** The report of a pull request on stacks whose state is at hand. */
export function previewAgainstState(): void {
  describe("the report against a state", () => {
    /** The changes that the report tells, against the state of dev after `change`. */
    async function changesAgainst(change: (state: string) => string) {
      const folder = await mkdtemp(join(tmpdir(), "media-state-"));
      try {
        const file = join(folder, "dev.json");
        const exported = await pulumi(dev(), ["stack", "export", "--file", file], { show: false });
        expect(exported.exitCode).toBe(0);
        await writeFile(file, change(await readFile(file, "utf8")));
        const args = ["infra/preview/main.ts", "--json", "--base", "HEAD", "--stack", "dev", "--state", folder];
        const { stdout } = await execa(process.execPath, args, { cwd: REPO, env: { NODE_OPTIONS: "" }, reject: false });
        const { stops, stacks } = JSON.parse(stdout) as Report;
        return { stops, changes: stacks[0]?.changes.map(({ title, action }) => `${action} ${title}`) };
      } finally {
        await rm(folder, { recursive: true });
      }
    }

    test(
      "finds nothing to change in the stack that was just brought up",
      async () => {
        expect(await changesAgainst((state) => state)).toEqual({ stops: [], changes: [] });
      },
      2 * MINUTE,
    );

    test(
      "negative control: it finds the one value that differs",
      async () => {
        const { changes } = await changesAgainst((state) => {
          const whole = JSON.parse(state) as {
            deployment: {
              resources: { type: string; urn: string; inputs?: { spec?: { minReadySeconds?: number } } }[];
            };
          };
          const web = whole.deployment.resources.find(
            ({ type, urn }) => /Deployment$/.test(type) && urn.endsWith("::web"),
          );
          if (web?.inputs?.spec) web.inputs.spec.minReadySeconds = 77;
          return JSON.stringify(whole);
        });
        expect(changes).toEqual(["update Deployment web"]);
      },
      2 * MINUTE,
    );
  });
}
