import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startJob } from "./jobs.ts";
import type { Stack } from "./stack.ts";

/** What `kubectl create job --from` gives, as far as it matters, and what is made of it. */
const TEMPLATE = {
  metadata: {
    name: "drill",
    labels: { "app.kubernetes.io/name": "restore-proof" },
    ownerReferences: [{ kind: "CronJob", name: "restore-proof", controller: true }],
  },
  spec: { template: { spec: { containers: [{ image: "postgres@sha256:1", command: ["python3"] }] } } },
};
const folder = mkdtempSync(join(tmpdir(), "media-jobs-"));
const made = join(folder, "made.json");
const stack: Stack = { name: "dev", namespace: "media-dev", kubeconfig: {}, outputs: async () => ({}) };
const { PATH } = process.env;

beforeAll(() => {
  writeFileSync(join(folder, "template.json"), JSON.stringify(TEMPLATE));
  const script = `#!/bin/sh\ncase "$*" in *--dry-run*) cat ${folder}/template.json ;; *"-f -"*) cat > ${made} ;; esac\n`;
  writeFileSync(join(folder, "kubectl"), script);
  chmodSync(join(folder, "kubectl"), 0o755);
  process.env.PATH = `${folder}${delimiter}${PATH}`;
});
afterAll(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});
const job = () => JSON.parse(readFileSync(made, "utf8"));

test("a drill's job is no job of the CronJob, which would remove it when a later one has ended", async () => {
  await startJob(stack, ["writer.py", "--table", "a.b"], 60);
  expect(job().metadata).toMatchObject({ labels: { "media-platform/drill": "job" } });
  expect(job().metadata).not.toHaveProperty("ownerReferences");
  expect(job().spec).toMatchObject({ activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 300 });
  const [container] = job().spec.template.spec.containers;
  expect(container).toEqual({
    image: "postgres@sha256:1",
    command: ["python3", "/opt/scripts/writer.py", "--table", "a.b"],
  });
});

test("it takes another image where one is given", async () => {
  await startJob(stack, ["upgrade.py", "--to", "18"], 60, "postgres-next@sha256:2");
  expect(job().spec.template.spec.containers[0].image).toBe("postgres-next@sha256:2");
});
