import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { eventually } from "@media/drills/eventually";
import { freePorts } from "@media/service/test/programs";
import { Objects, type StoreAccess } from "../baselines/objects.ts";

// Where `make up` puts it.
const PROGRAM = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "media-platform/bin/versitygw");

export const hasBucketServer = existsSync(PROGRAM);

/** The S3 server of the backup store, over a folder below `within`. */
export async function startBucketServer(within: string): Promise<{ access: StoreAccess; close(): Promise<void> }> {
  const folder = mkdtempSync(join(within, "store-"));
  const [objects, metadata] = [join(folder, "objects"), join(folder, "metadata")];
  for (const one of [join(objects, "media-dev"), metadata]) mkdirSync(one, { recursive: true });
  const [port] = await freePorts(1);
  const child = spawn(PROGRAM, ["--port", `127.0.0.1:${port}`, "--quiet", "posix", "--sidecar", metadata, objects], {
    env: { ...process.env, ROOT_ACCESS_KEY: "tester", ROOT_SECRET_KEY: "secret" },
    stdio: "ignore",
  });
  const access = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: "media-dev",
    region: "us-east-1",
    accessKey: "tester",
    secretKey: "secret",
  };
  await eventually("the S3 server", 60, () => new Objects(access).list(""));
  return {
    access,
    close: async () => {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill();
      await ended;
    },
  };
}
