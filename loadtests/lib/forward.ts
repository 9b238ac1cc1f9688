import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { kubectlCommand, type Stack } from "@media/drills/stack";

export interface Forward {
  /** Of this machine's loopback. */
  readonly port: number;
  readonly child: ChildProcess;
}

/**
 * Leads a port of this machine to one of a pod, or of a pod of a Service, until `child` is ended.
 *
 * @param what such as `pod-1` or `service/backup-store`
 */
export async function forwardTo(stack: Stack, what: string, port: number): Promise<Forward> {
  const [program, ...args] = kubectlCommand(stack, ["port-forward", what, `:${port}`]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: process.env });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-500);
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, "line"),
    once(child, "close").then(() => {
      throw new Error(`kubectl port-forward to ${what} ended: ${said.trim()}`);
    }),
  ])) as [string];
  return { port: Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]), child };
}
