import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { targetOf } from "@media/drills/stack";
import { call } from "@media/drills/verify/http";
import { journey, verifyEvidence } from "@media/drills/verify/journey";
import { sql } from "@media/drills/verify/postgres";
import { execa } from "execa";
import { residue } from "../cluster/cluster.ts";
import { pulumiFolder, useEnvironment } from "../stack/environment.ts";
import { outputs, pulumiWithConfig } from "../stack/pulumi.ts";
import { alerts } from "./alerts.ts";
import { canary } from "./canary.ts";
import { dev, devAccess, layout, MINUTE, make, makeInGroup, removeCluster } from "./commands.ts";
import { deletions } from "./deletions.ts";
import { incidents } from "./incidents.ts";
import { kills } from "./kills.ts";
import { limits } from "./limits.ts";
import { links } from "./links.ts";
import { members } from "./members.ts";
import { membersLost } from "./members-lost.ts";
import { mistakes } from "./mistakes.ts";
import { previewAgainstState } from "./preview.ts";
import { probes } from "./probes.ts";
import { recovery } from "./recovery.ts";
import { rotation, SHORT_ROTATION } from "./rotation.ts";
import { runbooks } from "./runbooks.ts";
import { signIn } from "./sign-in.ts";
import { signals } from "./signals.ts";
import { productionShape } from "./staging.ts";
import { stateLost } from "./state-lost.ts";
import { frontEnd } from "./web.ts";
import { frontEndWithBadInput } from "./web-input.ts";

/** The real stack on a cluster of its own. Each test continues from the state that the test before it left. */

beforeAll(() => useEnvironment(layout(), "dev"));

afterAll(removeCluster, MINUTE);

/** Commands of processes without a parent that an engine of this cluster's stacks started: not the cluster's supervisor. */
async function orphans(): Promise<string[]> {
  const { stdout } = await execa("pgrep", ["-P", "1"], { reject: false });
  const home = pulumiFolder(layout());
  const read = (pid: string, file: string) => {
    const path = `/proc/${pid}/${file}`;
    return existsSync(path) ? readFileSync(path, "utf8").replaceAll("\0", " ") : "";
  };
  const ours = stdout.split("\n").filter((pid) => read(pid, "environ").includes(home));
  return ours.map((pid) => read(pid, "cmdline")).filter((command) => !/^\S+\/supervisor /.test(command));
}

describe("up", () => {
  test(
    "make up, killed with -9 while it makes the dev stack, continues when it is called again",
    async () => {
      const killed = makeInGroup("up");
      await killed.saw(/stack dev …/, 40 * MINUTE);
      await killed.saw(/stack dev ….*created \(/s, 2 * MINUTE);
      await sleep(6000);
      killed.kill();
      const { all } = await make("up");
      expect(all).toMatch(/the lock of process \d+, which has ended, is removed|still at work; waiting/);
      expect(all).toContain("stack dev is up");
      expect(await orphans()).toEqual([]);
      // The engine does not write the second file beside a state atomically, so it must write none (PULUMI_BACKEND_URL).
      const files = readdirSync(join(pulumiFolder(layout()), ".pulumi"), { recursive: true }).map(String);
      expect(files.filter((file) => file.endsWith(".attrs"))).toEqual([]);
    },
    42 * MINUTE,
  );

  test(
    "make up ends with a served request whose evidence is found",
    async () => {
      const { all } = await make("up");
      expect(all).toContain("stack dev is up");
    },
    40 * MINUTE,
  );

  test("outputs name every address, reachable on 127.0.0.1", async () => {
    const found = JSON.parse((await make("outputs")).stdout) as Record<string, string>;
    const ready = { prometheusUrl: "/-/ready", pushgatewayUrl: "/-/ready", lokiUrl: "/ready", jaegerUrl: "/" };
    for (const [name, path] of Object.entries(ready)) {
      const url = found[name] as string;
      expect(new URL(url).hostname).toBe("127.0.0.1");
      expect((await call(url + path)).status).toBeLessThan(400);
    }
    expect(readFileSync(found.caFile as string, "utf8")).toContain("BEGIN CERTIFICATE");
  });

  test(
    "a journey leaves evidence in the replica, Prometheus, Loki and Jaeger",
    async () => {
      const target = await targetOf(devAccess());
      await verifyEvidence(target, await journey(target));
    },
    3 * MINUTE,
  );

  test(
    "negative control: a journey without the token is refused, and one that was never made is not found",
    async () => {
      const target = await targetOf(devAccess());
      const answer = await call(`${target.gatewayUrl}/api/v1/requests`, {
        method: "POST",
        body: { mediaType: "movie", tmdbId: 603 },
        ca: target.caPem,
      });
      expect(answer.status).toBe(401);
      const never = { id: "00000000-0000-4000-8000-000000000000", traceId: "0123456789abcdef0123456789abcdef" };
      await expect(verifyEvidence(target, never, 2)).rejects.toThrow(/not within 2 s/);
    },
    MINUTE,
  );

  test(
    "Prometheus scrapes every target",
    async () => {
      const { prometheusUrl } = await targetOf(devAccess());
      await eventually("all targets up", 60, async () => {
        const answer = await call(`${prometheusUrl}/api/v1/targets?state=active`);
        const targets = (
          JSON.parse(answer.text) as { data: { activeTargets: { health: string; scrapeUrl: string }[] } }
        ).data.activeTargets;
        const down = targets.filter((target) => target.health !== "up").map((target) => target.scrapeUrl);
        if (targets.length < 12 || down.length > 0)
          throw new Error(`${targets.length} targets, down: ${down.join(" ")}`);
      });
    },
    2 * MINUTE,
  );
});

links();

limits();

probes();

signals();
alerts(devAccess());

frontEnd();
frontEndWithBadInput();

incidents(devAccess());
signIn(devAccess());
runbooks(devAccess());

canary();

mistakes();

describe("nothing changes without a change", () => {
  test(
    "the preview of the dev stack is empty",
    async () => {
      const { exitCode, all } = await pulumiWithConfig(dev(), "preview", ["--expect-no-changes"], { show: false });
      expect({ exitCode, all: exitCode === 0 ? "" : all }).toEqual({ exitCode: 0, all: "" });
    },
    MINUTE,
  );

  test(
    "a refresh finds no difference between the cluster and the state",
    async () => {
      const { exitCode, stdout } = await pulumiWithConfig(dev(), "refresh", ["--preview-only", "--expect-no-changes"], {
        show: false,
      });
      expect({ exitCode, stdout: exitCode === 0 ? "" : stdout }).toEqual({ exitCode: 0, stdout: "" });
    },
    MINUTE,
  );

  test(
    "a second make up reports no change",
    async () => {
      const { all } = await make("up");
      expect(all).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
      expect(all).toMatch(/\d+ unchanged/);
    },
    2 * MINUTE,
  );
});

previewAgainstState();

kills();

members(devAccess());
membersLost(devAccess());
recovery();
deletions(devAccess());
rotation(devAccess(), SHORT_ROTATION);
productionShape();

describe("recreate", () => {
  test(
    "negative control: without the right confirmation nothing is destroyed",
    async () => {
      await expect(make("drill", "KIND=recreate", "STACK=dev", "CONFIRM=prod")).rejects.toThrow(/CONFIRM=dev/);
      expect(await outputs(dev())).toBeDefined();
    },
    MINUTE,
  );
});
stateLost();

describe("down", () => {
  test(
    "make down leaves nothing on the host and keeps the data",
    async () => {
      await make("down");
      expect(await residue(layout())).toEqual([]);
      expect(existsSync(join(layout().dir, "etcd"))).toBe(true);
    },
    MINUTE,
  );

  test(
    "the next make up finds the earlier requests",
    async () => {
      await make("up");
      expect(Number(await sql(devAccess(), "primary", "select count(*) from requests"))).toBeGreaterThan(2);
    },
    6 * MINUTE,
  );
});
