import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { kubectl } from "../cluster/cluster.ts";
import { deploy } from "../stack/deploy.ts";
import { overlayFolder } from "../stack/environment.ts";
import { locks } from "../stack/locks.ts";
import { pulumiWithConfig } from "../stack/pulumi.ts";
import { dev, layout, MINUTE, make } from "./commands.ts";

/** Mistakes of people and interruptions, on the running stack. */
export function mistakes(): void {
  describe("mistakes and interruptions", () => {
    const overlay = () => join(overlayFolder(layout()), "dev.json");

    /** Runs `work` with a changed configuration, and restores the right one also after an error. */
    async function withConfig(
      change: (config: Record<string, Record<string, unknown>>) => void,
      work: () => Promise<void>,
    ) {
      const right = readFileSync(overlay(), "utf8");
      const config = JSON.parse(right);
      change(config);
      writeFileSync(overlay(), JSON.stringify(config));
      try {
        await work();
      } finally {
        writeFileSync(overlay(), right);
      }
    }

    test(
      "wrong configuration: one message with every problem, its key and an example",
      async () => {
        const wrong = { tier: "huge", backups: { endpoint: "http://no-tls" } };
        await withConfig(
          (config) => Object.assign(config, wrong),
          async () => {
            const { exitCode, stdout } = await pulumiWithConfig(dev(), "preview", [], { show: false });
            expect(exitCode).not.toBe(0);
            for (const key of [
              "media-platform:tier",
              "media-platform:backups.endpoint",
              "media-platform:backups.bucket",
            ]) {
              expect(stdout).toContain(key);
            }
            expect(stdout).toContain("for example");
          },
        );
      },
      MINUTE,
    );

    test(
      "larger volumes replace nothing: the claims change, those too that another engine made and was killed",
      async () => {
        const [metadata, kind] = [{ name: "prometheus-data", namespace: "media-dev" }, "PersistentVolumeClaim"];
        const apply = (manager: string, storage: string) => {
          const claim = { apiVersion: "v1", kind, metadata, spec: { resources: { requests: { storage } } } };
          const flags = ["--server-side", `--field-manager=${manager}`, "-f", "-"];
          return kubectl(layout(), ["apply", ...flags], JSON.stringify(claim));
        };
        await apply("pulumi-kubernetes-killed", "5Gi");
        // The control: who does not insist may not change it.
        await expect(apply("another", "20Gi")).rejects.toThrow(/conflict/);
        await withConfig(
          (config) => Object.assign(config, { tier: "medium" }),
          async () => {
            const { stdout } = await pulumiWithConfig(dev(), "preview", ["--diff"], { show: false });
            expect(stdout).toMatch(
              /~ kubernetes:core\/v1:PersistentVolumeClaim: \(update\)\s+\[id=media-dev\/data-postgres-0\]/,
            );
            expect(stdout).toMatch(/storage *: "5Gi" => "20Gi"/);
            expect(stdout).not.toMatch(/kubernetes:(apps|core)\/v1:(StatefulSet|PersistentVolumeClaim): \(replace\)/);
          },
        );
      },
      2 * MINUTE,
    );

    test(
      "a pod that cannot become ready: pulumi up fails in time with the reason and the last log lines",
      async () => {
        await withConfig(
          ({ kubernetes, images }) => {
            const pinned = images?.pinned as Record<string, string>;
            pinned.service = pinned.node as string; // an image that starts and finds no program
            Object.assign(kubernetes as object, { readySeconds: 20 });
          },
          async () => {
            const error = await deploy(dev()).catch((caught: Error) => caught);
            expect(error).toHaveProperty("message", expect.stringMatching(/CrashLoopBackOff|Error/));
            expect(error).toHaveProperty("message", expect.stringContaining("Cannot find module"));
          },
        );
        await make("up");
      },
      5 * MINUTE,
    );

    test(
      "a second pulumi up names the process that holds the lock; make up waits for an engine whose caller was killed",
      async () => {
        const first = pulumiWithConfig(dev(), "up", ["--yes", "--skip-preview"], { show: false });
        const { pid } = await eventually("the first to take the lock", 30, async () => {
          const [lock] = await locks(dev());
          if (!lock) throw new Error("no lock");
          return lock;
        });
        process.kill(pid, "SIGSTOP");
        try {
          await expect(make("up")).rejects.toThrow(new RegExp(`being changed by process ${pid}`));
        } finally {
          process.kill(pid, "SIGCONT");
        }
        expect((await first).exitCode).toBe(0);
      },
      3 * MINUTE,
    );
  });
}
