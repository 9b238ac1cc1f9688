import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/** A plugin of the Pulumi engine that its publisher offers for download. */
export interface Published {
  readonly plugin: string;
  readonly version: string;
}

/** A machine that reaches package registries alone says so in seven seconds; one that drops packets never does. */
const ATTEMPT_SECONDS = 20;

/**
 * Asks the engine to download a plugin, and puts its program at `target`.
 *
 * @param pulumi path of the engine
 * @returns whether it is there now; false where the publisher cannot be reached
 */
export async function fetchPublished({ plugin, version }: Published, pulumi: string, target: string): Promise<boolean> {
  const home = `${target}.home`;
  const done = await execa(pulumi, ["plugin", "install", "resource", plugin, version, "--non-interactive"], {
    env: { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeout: ATTEMPT_SECONDS * 1000,
    stdin: "ignore",
    reject: false,
  });
  if (done.exitCode === 0) {
    await cp(join(home, "plugins", `resource-${plugin}-v${version}`, `pulumi-resource-${plugin}`), `${target}.copy`);
    await rename(`${target}.copy`, target);
  }
  await rm(home, { recursive: true, force: true });
  return done.exitCode === 0;
}
