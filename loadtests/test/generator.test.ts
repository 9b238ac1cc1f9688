import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "@jest/globals";
import { withGenerator } from "../cluster/generator.ts";
import { jobPlan, policyPlans } from "../cluster/job.plan.ts";
import { JOURNEYS } from "../journeys/index.ts";
import { makePlan } from "../plan/plan.ts";
import { TOOLS } from "../tools/index.ts";
import type { Tool } from "../tools/tool.ts";
import { startRecorder } from "./recorder.ts";

const dir = mkdtempSync(join(tmpdir(), "generator-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const pod = join(dir, "pod");
const log = join(dir, "kubectl.log");
const TOKEN = "token-of-the-run";

/** Answers as a cluster would; what is executed in the pod runs on this machine, with a folder of its own as /work. */
const KUBECTL = `#!/bin/sh
echo "$*" >> '${log}'
case "$*" in
*"get deployment api"*) echo '{"spec":{"template":{"spec":{"containers":[{"name":"api","image":"service@sha256:1"}]}}}}' ;;
*"create -f -"*) cat > "${dir}/created-$$.json"; echo '{"metadata":{"uid":"uid-1"}}' ;;
*" exec "*)
  while [ "$1" != -- ]; do shift; done
  shift
  case "$*" in *"-e require"*) exit 0 ;; esac
  for one do shift; set -- "$@" "$(printf %s "$one" | sed 's#/work#${pod}#g')"; done
  exec "$@" ;;
esac
`;
const bin = join(dir, "bin");
mkdirSync(bin);
writeFileSync(join(bin, "kubectl"), KUBECTL);
chmodSync(join(bin, "kubectl"), 0o755);
// Where `make tools ONLY=k6` puts it.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "media-platform/bin");
process.env.PATH = [bin, dirname(process.execPath), process.env.PATH, cache].join(delimiter);

const hasK6 = (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "k6")));
const stack = { name: "dev", namespace: "media-dev", kubeconfig: {}, outputs: async () => undefined };
const planOf = (seconds: number) =>
  makePlan({
    journeys: JOURNEYS,
    stretches: [
      { seconds: 0, perMinute: 240 },
      { seconds, perMinute: 240 },
    ],
    seed: 7,
    titleOffset: 1_000,
  });

beforeEach(() => {
  rmSync(pod, { recursive: true, force: true });
  mkdirSync(pod);
  writeFileSync(log, "");
});

const deleted = () => /delete job load-generator-[0-9a-f]{8} --ignore-not-found/.test(readFileSync(log, "utf8"));
const created = () =>
  readdirSync(dir)
    .filter((name) => name.startsWith("created-"))
    .map((name) => readFileSync(join(dir, name), "utf8"));

async function inPod(tool: Tool, seconds: number, stop = new AbortController()) {
  const target = await startRecorder();
  const own = mkdtempSync(join(dir, "run-"));
  const to = { url: target.url, token: TOKEN, mark: "test" };
  const measured = await withGenerator(stack, seconds, (elsewhere) =>
    tool.run({ plan: planOf(seconds), target: to, dir: own, progress: () => {}, stop: stop.signal, elsewhere }),
  );
  await target.close();
  return { measured, requests: target.requests };
}

describe.each(["custom", "k6"])("%s in a pod", (name) => {
  const tool = TOOLS[name] as Tool;
  const run = name === "custom" || hasK6 ? test : test.skip;

  run(
    "sends the plan, gives its measurements back, and its Job is gone",
    async () => {
      const { measured, requests } = await inPod(tool, 2);
      expect(measured.sessions).toEqual({ planned: 8, begun: 8, ended: 8 });
      expect(requests).toHaveLength(measured.steps.reduce((sum, step) => sum + step.requests, 0));
      expect(requests.every(({ headers }) => headers["x-synthetic"] === "test")).toBe(true);
      expect(deleted()).toBe(true);
      // The token is in no manifest, and in no list of processes.
      for (const text of [...created(), readFileSync(log, "utf8")]) expect(text).not.toContain(TOKEN);
    },
    240_000,
  );
});

test("Ctrl-C ends the generator in its pod, what it has is there, and its Job is gone", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 10_000);
  const { measured } = await inPod(TOOLS.custom as Tool, 120, stop);
  expect(measured.sessions.begun).toBeLessThan(measured.sessions.planned);
  expect(deleted()).toBe(true);
}, 240_000);

test("a run that fails leaves no Job either", async () => {
  await expect(withGenerator(stack, 1, async () => Promise.reject(new Error("planted")))).rejects.toThrow("planted");
  expect(deleted()).toBe(true);
}, 60_000);

describe("what is created", () => {
  const args = { stack: "dev", namespace: "media-dev", name: "load-generator-1", image: "i", deadlineSeconds: 400 };

  test("is a pod of the restricted standard, with bounds, which ends by itself", () => {
    const { spec } = jobPlan(args);
    expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 400, ttlSecondsAfterFinished: 60 });
    const { securityContext, automountServiceAccountToken, containers, volumes } = spec.template.spec;
    expect(automountServiceAccountToken).toBe(false);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    expect(containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(containers[0]?.resources.limits.memory).toBe("1Gi");
    expect(volumes).toEqual([{ name: "work", emptyDir: { sizeLimit: "2Gi" } }]);
  });

  test("lets it reach the gateway of its stack and DNS alone, and goes with the Job", () => {
    const [own, gateway] = policyPlans(args, "uid-1");
    const generator = { matchLabels: { "media-platform/load-generator": "load-generator-1" } };
    const ofGateway = {
      matchLabels: { "app.kubernetes.io/name": "gateway", "app.kubernetes.io/instance": "dev" },
    };
    const ports = [{ protocol: "TCP", port: 8444 }];
    expect(own?.spec).toMatchObject({
      podSelector: generator,
      policyTypes: ["Egress", "Ingress"],
      egress: [{ to: [{ podSelector: ofGateway }], ports }, { ports: [{ port: 53 }, { port: 53 }] }],
      ingress: [],
    });
    expect(gateway?.spec).toMatchObject({
      podSelector: ofGateway,
      ingress: [{ from: [{ podSelector: generator }], ports }],
    });
    for (const one of [own, gateway])
      expect(one?.metadata.ownerReferences).toEqual([expect.objectContaining({ kind: "Job", uid: "uid-1" })]);
  });
});

test("a tool that does not go there is refused before anything is created", () => {
  const outputs = join(dir, "outputs.json");
  writeFileSync(outputs, JSON.stringify({ gatewayUrl: "https://127.0.0.1:1", credentials: { devToken: "t" } }));
  const main = join(import.meta.dirname, "../main.ts");
  const args = ["run", "--outputs", outputs, "--tool", "locust", "--where", "cluster", "--dir", join(dir, "none")];
  expect(() => execFileSync(process.execPath, [main, ...args], { stdio: "pipe", env: process.env })).toThrow(
    /locust does not run in the cluster/,
  );
  expect(readFileSync(log, "utf8")).toBe("");
}, 120_000);
