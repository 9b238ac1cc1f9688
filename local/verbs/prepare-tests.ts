import { installPackages } from "../host/packages.ts";
import { say } from "../lib/progress.ts";

/** What rings 1 to 3 need of the host beside the npm packages: real PostgreSQL and Redis, and the linters of scripts and rules. */
export async function prepareTests(): Promise<void> {
  await installPackages("test", say);
}
