import { kubectl } from "../cluster/cluster.ts";
import { eventually } from "../lib/eventually.ts";
import type { Stack } from "./pulumi.ts";

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state?: { readonly waiting?: { readonly reason?: string } };
    }[];
  };
}

const LINES = 20;
const LOG_SECONDS = 5;

/** Containers that ended and were started again, each with the last lines of its log: the plugin shows their reasons alone. */
export async function explain({ layout, name }: Stack): Promise<string[]> {
  const inNamespace = ["-n", `media-${name}`];
  const { stdout } = await kubectl(layout, ["get", "pods", ...inNamespace, "-o", "json"]);
  const told = restarted((JSON.parse(String(stdout)) as { items: Pod[] }).items).map(
    async ({ pod, container, reason }) => {
      const log = async (...which: string[]) => {
        const args = ["logs", pod, "-c", container, ...inNamespace, ...which, `--tail=${LINES}`];
        return String((await kubectl(layout, args)).stdout).trim();
      };
      const lines = await lastLines([() => log("--previous"), () => log()]);
      return `pod ${pod}, container ${container}: ${reason}; the last lines of its log:\n${lines}`;
    },
  );
  return Promise.all(told);
}

/**
 * What the first of these logs holds that can be read. While a container is started again, its last log may be gone
 * already and the next one not begun: they are read anew, for some seconds.
 */
export function lastLines(logs: readonly (() => Promise<string>)[], seconds = LOG_SECONDS): Promise<string> {
  return eventually("a log", seconds, async () => {
    for (const log of logs) {
      const text = await log().catch(() => "");
      // The kubelet says so with a status of 200.
      if (text !== "" && !text.startsWith("unable to retrieve container logs")) return text;
    }
    throw new Error("none can be read");
  }).catch(() => "its log cannot be read");
}

/** Containers that are not ready and have ended before. */
export function restarted(pods: readonly Pod[]): { pod: string; container: string; reason: string }[] {
  return pods.flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? [])
      .filter(({ ready, restartCount }) => !ready && restartCount > 0)
      .map(({ name, state }) => ({
        pod: metadata.name,
        container: name,
        reason: state?.waiting?.reason ?? "not ready",
      })),
  );
}
