import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl } from "../cluster/cluster.ts";
import { layout, MINUTE } from "./commands.ts";

const IN_DEV = ["-n", "media-dev"];

/** What the API server says of a pod that asks for nothing; it is not made. */
async function asked(pod: string) {
  const manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pod },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: "none.invalid/none:1",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
  const args = [...IN_DEV, "create", "--dry-run=server", "-o", "json", "-f", "-"];
  const { stdout } = await kubectl(layout(), args, JSON.stringify(manifest));
  return JSON.parse(stdout).spec.containers[0].resources as object;
}

/** LimitRange and ResourceQuota of a stack's namespace. */
export function limits(): void {
  describe("the namespace's limits", () => {
    test(
      "a container that asks for nothing gets a request and a memory limit",
      async () => {
        expect(await asked("asks-for-nothing")).toEqual({
          limits: { memory: "256Mi" },
          requests: { cpu: "10m", memory: "64Mi" },
        });
      },
      MINUTE,
    );

    test(
      "the quota counts the pods that run, and refuses one more when it is used up",
      async () => {
        const quota = async () =>
          JSON.parse((await kubectl(layout(), [...IN_DEV, "get", "resourcequota", "quota", "-o", "json"])).stdout);
        const { spec, status } = await quota();
        expect(Number(status.used.pods)).toBeGreaterThan(5);
        expect(status.hard).toEqual(spec.hard);
        const most = (pods: string) =>
          kubectl(layout(), [
            ...IN_DEV,
            "patch",
            "resourcequota",
            "quota",
            "--type=merge",
            "-p",
            JSON.stringify({ spec: { hard: { pods } } }),
          ]);
        await most("1");
        try {
          // The API server judges by the status, which a controller brings up to date.
          await eventually("the quota to refuse a pod", 30, async () => {
            await expect(asked("one-too-many")).rejects.toThrow(/exceeded quota/);
          });
        } finally {
          await most(spec.hard.pods);
        }
      },
      MINUTE,
    );
  });
}
