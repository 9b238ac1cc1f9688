import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { find, freePorts } from "./programs.ts";

/** A real Pushgateway on a free port of 127.0.0.1, which keeps what is pushed as the platform's does. */
export interface Pushgateway {
  url(): string;
  start(): Promise<void>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

const READY_MS = 10_000;

export async function startPushgateway(folder: string): Promise<Pushgateway> {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  const start = async () => {
    const args = [`--web.listen-address=127.0.0.1:${port}`, `--persistence.file=${join(folder, "metrics")}`];
    child = spawn(find("prometheus-pushgateway"), args, { stdio: "ignore" });
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(50)) {
      const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error("Pushgateway did not come up");
  };
  await start();
  return {
    url: () => url,
    start,
    stop: async (signal) => {
      const closed = new Promise((resolve) => child.once("close", resolve));
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await closed;
    },
  };
}
