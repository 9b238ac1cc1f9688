import type { Result } from "@media/loadtests/result";
import { execa } from "execa";
import { REPO } from "../lib/paths.ts";
import { NAME } from "./commands.ts";

/** A run of `make load` on stack dev, as its result. Its exit code is of the objectives, which are not what is tried here. */
export async function load(...variables: readonly string[]): Promise<Result> {
  const { stdout, stderr } = await execa("make", ["-s", "load", `NAME=${NAME}`, "STACK=dev", "JSON=1", ...variables], {
    cwd: REPO,
    reject: false,
    stdin: "ignore",
  });
  if (!stdout.startsWith("{")) throw new Error(`make load made no result: ${stderr.slice(-500)}`);
  return JSON.parse(stdout) as Result;
}
