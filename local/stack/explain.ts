import { kubectl } from "../cluster/cluster.ts";
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

/** Containers that ended and were started again, each with the last lines of its log: the plugin shows their reasons alone. */
export async function explain({ layout, name }: Stack): Promise<string[]> {
  const inNamespace = ["-n", `media-${name}`];
  const { stdout } = await kubectl(layout, ["get", "pods", ...inNamespace, "-o", "json"]);
  const told = restarted((JSON.parse(String(stdout)) as { items: Pod[] }).items).map(
    async ({ pod, container, reason }) => {
      const args = ["logs", pod, "-c", container, ...inNamespace, "--previous", `--tail=${LINES}`];
      const lines = await kubectl(layout, args).then(
        ({ stdout: log }) => String(log).trim(),
        () => "its log cannot be read",
      );
      return `pod ${pod}, container ${container}: ${reason}; the last lines of its log:\n${lines}`;
    },
  );
  return Promise.all(told);
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
