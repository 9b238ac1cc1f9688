import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { ClusterOwner } from "../lib/owner.ts";
import type { Stack } from "../lib/stack.ts";
import { assertBounded, bytesOf, diskFull } from "./disk-full.ts";
import { deletePod } from "./pod-deleted.ts";
import { signalsTo } from "./pod-signalled.ts";
import { losePostgres } from "./postgres-lost.ts";
import { rollingRestart } from "./rolling-restart.ts";

const stack: Stack = { name: "dev", namespace: "n", kubeconfig: { context: "c" }, outputs: async () => undefined };
const PREFIX = "--context c -n n ";
const path = process.env.PATH;
let log: string;

let folder: string;

/** A kubectl that writes down its arguments; `answers` are cases of a shell that come first. */
function script(answers = ""): void {
  const text = `#!/bin/sh
    echo "$*" >> ${log}
    case "$*" in
      ${answers}
      *"-o name") printf 'pod/postgres-0\\npod/postgres-1\\n' ;;
      *jsonpath*) printf 'uid-7' ;;
      *exec*) echo "command terminated with exit code 137" >&2; exit 137 ;;
    esac`;
  writeFileSync(join(folder, "kubectl"), text);
  chmodSync(join(folder, "kubectl"), 0o755);
}

/** Puts it first on PATH. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "faults-"));
  log = join(folder, "log");
  script();
  process.env.PATH = `${folder}:${path}`;
});

afterEach(() => {
  process.env.PATH = path;
});

const calls = () =>
  readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (line.startsWith(PREFIX) ? line.slice(PREFIX.length) : `not in the stack's namespace: ${line}`));

test("a pod is deleted with its own grace period, or by force", async () => {
  await deletePod(stack, "pod/api-1");
  await deletePod(stack, "pod/api-1", 0);
  expect(calls()).toEqual(["delete pod/api-1 --wait=false", "delete pod/api-1 --wait=false --grace-period=0 --force"]);
});

test("PostgreSQL is lost: no StatefulSet brings a member back, all are killed, and the lost exec is no error", async () => {
  await losePostgres(stack);
  const [first, list, ...rest] = calls();
  expect(first).toBe("delete statefulset postgres --cascade=orphan");
  expect(list).toBe("get pods -l app.kubernetes.io/name=postgres -o name");
  expect(rest.slice(0, 2).sort()).toEqual([
    "exec pod/postgres-0 -c postgres -- sh -c kill -9 -1",
    "exec pod/postgres-1 -c postgres -- sh -c kill -9 -1",
  ]);
  expect(rest.slice(2)).toEqual(["delete pod/postgres-0 pod/postgres-1 --grace-period=0 --force"]);
});

test("a rolling restart waits for every workload", async () => {
  await rollingRestart(stack, ["deployment/api", "deployment/worker"]);
  expect(calls()).toEqual([
    "rollout restart deployment/api deployment/worker",
    "rollout status deployment/api --timeout=120s",
    "rollout status deployment/worker --timeout=120s",
  ]);
});

test("signals go to the pod with its uid, through the owner of the cluster", async () => {
  const sent: string[] = [];
  const owner: ClusterOwner = {
    processesOf: async (uid) => (signal) => void sent.push(`${uid} ${signal}`),
    cutNetwork: async () => async () => {},
    killDaemon: async () => async () => {},
    cutPower: async () => {},
  };
  (await signalsTo(stack, owner, "pod/api-1"))("SIGSTOP");
  expect(sent).toEqual(["uid-7 SIGSTOP"]);
});

test("a disk is filled only where the claim bounds it: else the node's own would be full", () => {
  const claim = bytesOf("5Gi");
  expect(() => assertBounded(claim * 1.02, claim, "pod/postgres-0")).not.toThrow();
  expect(() => assertBounded(claim * 40, claim, "pod/postgres-0")).toThrow(/200.0 GiB, for a claim of 5.0 GiB/);
});

test("a full disk: what is free is taken, and given back", async () => {
  script('*df*) printf "5368709120 1000\\n" ;; *storage*) printf 5Gi ;; *filled*) ;;');
  const undo = await diskFull({ stack } as never, "pod/postgres-0");
  await undo();
  expect(calls().map((line) => line.replace(/^exec pod.postgres-0 -c postgres -- bash -c /, ""))).toEqual([
    "get pvc/data-postgres-0 -o jsonpath={.spec.resources.requests.storage}",
    "df --block-size=1 --output=size,avail /var/lib/postgresql/data | tail -n 1",
    expect.stringContaining("fallocate --length 1000 /var/lib/postgresql/data/filled-by-a-drill"),
    "exec pod/postgres-0 -c postgres -- rm -f /var/lib/postgresql/data/filled-by-a-drill",
  ]);
});
