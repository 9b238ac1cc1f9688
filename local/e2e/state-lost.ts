import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { recoveryFileOf } from "../stack/copies/recovery-file.ts";
import { loseState } from "../stack/copies/states.ts";
import { dev, layout, MINUTE, make } from "./commands.ts";
import { evidenceOf } from "./recovery.ts";

/** Pulumi's state and its secrets are gone, and the stack with them: the recreate drill, and more. */
export function stateLost(): void {
  describe("a lost state", () => {
    test(
      "the stack comes back with its credentials, and no archived row is lost; another key brings nothing back",
      async () => {
        await make("drill", "KIND=state-lost", "CONFIRM=dev");
        const evidence = evidenceOf("state-lost");
        expect(evidence).toMatchObject({
          passed: true,
          findings: { rowsLost: 0, chainIntact: true, credentialsKept: true, controlFails: true },
        });
        // Three times the bound of the figure: a test says whether it works, on a slow machine too.
        expect(evidence.rtoSeconds).toBeLessThan(3 * 240);
      },
      15 * MINUTE,
    );

    test(
      "negative control: where a state is, none is brought back over it",
      async () => {
        const file = recoveryFileOf(layout().name);
        await expect(make("restore-state", `RECOVERY=${file}`)).rejects.toThrow(/the state of stack dev is here/);
      },
      5 * MINUTE,
    );

    test(
      "a cluster whose base stack has lost its state is not brought up over it; brought back, it is",
      async () => {
        const base = { ...dev(), name: "base" };
        await loseState(base);
        await expect(make("up")).rejects.toThrow(/its state is not here/);
        const { all } = await make("restore-state");
        expect(all).toMatch(/brought back, as of .*: base;/);
        await make("up");
      },
      20 * MINUTE,
    );

    test(
      "negative control: a recovery file that was cut off is refused by name",
      async () => {
        const file = `${recoveryFileOf(layout().name)}.cut`;
        writeFileSync(file, readFileSync(recoveryFileOf(layout().name), "utf8").slice(0, -40));
        await expect(make("restore-state", `RECOVERY=${file}`)).rejects.toThrow(/it is no recovery file/);
      },
      5 * MINUTE,
    );
  });
}
