import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { refusalsOf } from "@media/infra/policy/restricted";
import { BIN, buildTools } from "../toolchain/build.ts";
import { type ApiServer, startApiServer } from "./api-server.ts";
import { MINUTE } from "./commands.ts";
import { type Judged, podsToJudge } from "./pods-to-judge.ts";

/** The policy pack's verdict on the profile `restricted`, against that of a real API server. */

const PODS = "/api/v1/namespaces/judged/pods?dryRun=All";
let server: ApiServer;
beforeAll(async () => {
  await buildTools(["kubernetes"], () => {});
  // One program for all of Kubernetes: its name says which it is.
  server = await startApiServer(join(BIN, "kube-apiserver"));
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "judged", labels } };
  expect((await server.send("POST", "/api/v1/namespaces", namespace)).status).toBe(201);
}, 40 * MINUTE);
afterAll(() => server?.stop());

/** Whether the server admits it; undefined where it is no valid pod, as some changes together are not. */
async function admitted({ title, pod }: Judged): Promise<boolean | undefined> {
  const { status, text } = await server.send("POST", PODS, pod);
  if (status === 201) return true;
  if (status === 403 && text.includes('violates PodSecurity \\"restricted:')) return false;
  if (status === 422 && title.includes(", ")) return undefined;
  throw new Error(`${title}: answered ${status}: ${text}`);
}

const ours = ({ pod }: Judged) =>
  refusalsOf({ type: "kubernetes:core/v1:Pod", name: "judged", object: pod, protect: false });

test(
  "on more than 300 generated pods the pack says what the server says",
  async () => {
    const pods = podsToJudge(250, 1);
    const verdicts: { is: boolean; judged: Judged }[] = [];
    for (const judged of pods) {
      const is = await admitted(judged);
      if (is !== undefined) verdicts.push({ is, judged });
    }
    const different = verdicts.filter(({ is, judged }) => is !== (ours(judged).length === 0));
    const refused = verdicts.filter(({ is }) => !is).length;
    console.info(`${verdicts.length} pods: ${refused} refused by the server; ${different.length} judged differently`);
    expect(different.map(({ is, judged }) => `${judged.title}: the server ${is ? "admits" : "refuses"} it`)).toEqual(
      [],
    );
    expect(verdicts.length).toBeGreaterThan(300);
    // Both verdicts are common, so that agreement says something.
    expect(refused).toBeGreaterThan(50);
    expect(verdicts.length - refused).toBeGreaterThan(50);
  },
  10 * MINUTE,
);

test("negative control: a pod that the server refuses and a looser pack lets pass is found", async () => {
  const [privileged] = podsToJudge(0, 1).filter(({ title }) => title === "privileged (containers.0)");
  if (!privileged) throw new Error("there is no such pod");
  expect(await admitted(privileged)).toBe(false);
  const looser = ours(privileged).filter(({ where }) => !/privileged|allowPrivilegeEscalation/.test(where));
  expect([ours(privileged).length > 0, looser]).toEqual([true, []]);
});
