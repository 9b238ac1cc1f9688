import { installPackages } from "../host/packages.ts";
import { say } from "../lib/progress.ts";

/** Installs the Debian packages that rings 1 to 3 need: PostgreSQL, Redis, and linters of scripts and rules. */
export async function prepareTests(): Promise<void> {
  await installPackages("test", say);
}
