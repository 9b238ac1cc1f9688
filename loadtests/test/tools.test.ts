import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { JOURNEYS } from "../journeys/index.ts";
import { makePlan } from "../plan/plan.ts";
import { decode } from "../results/histogram.ts";
import { TOOLS } from "../tools/index.ts";
import type { Tool } from "../tools/tool.ts";
import { type Recorded, startRecorder } from "./recorder.ts";

// Where `make tools ONLY=k6` puts it.
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "media-platform/bin");
process.env.PATH = `${process.env.PATH}:${cache}`;
const isThere = (program: string) => {
  try {
    execFileSync("which", [program], { env: process.env });
    return true;
  } catch {
    return false;
  }
};
const dir = mkdtempSync(join(tmpdir(), "loadtests-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const plan = makePlan({
  journeys: JOURNEYS,
  stretches: [
    { seconds: 0, perMinute: 240 },
    { seconds: 4, perMinute: 240 },
  ],
  seed: 7,
  titleOffset: 1_000,
});

async function requestsBy(tool: Tool) {
  const recorder = await startRecorder();
  const target = { url: recorder.url, token: "secret", mark: "test" };
  const stop = new AbortController().signal;
  const measured = await tool.run({ plan, target, dir: mkdtempSync(join(dir, tool.name)), progress: () => {}, stop });
  await recorder.close();
  return { sent: recorder.requests.map(asText).sort(), measured };
}

/** What of a request the journey decides; what a tool adds of its own (User-Agent and the like) is left out. */
const asText = ({ method, url, headers, body }: Recorded) =>
  [method, url, body, ...["authorization", "idempotency-key", "content-type", "x-synthetic"].map((name) => headers[name])].join(" ");

describe.each(["custom", "k6"])("%s", (name) => {
  const tool = TOOLS[name] as Tool;
  const run = name === "custom" || isThere(name) ? test : test.skip;

  run("sends what the plan says, and counts all of it", async () => {
    const { sent, measured } = await requestsBy(tool);
    const planned = plan.sessions.flatMap((session) => {
      const title = session.requests.map(({ body }) => body && JSON.parse(body).tmdbId).find(Boolean);
      return session.requests.map(({ step, method, path, body, key }) =>
        asText({
          method,
          url: path.replace("{request}", `id-of-${title}`),
          body: body ?? "",
          headers: {
            authorization: plan.steps[step]?.signedIn ? "Bearer secret" : undefined,
            "idempotency-key": key,
            "content-type": body && "application/json",
            "x-synthetic": "test",
          },
        }),
      );
    });
    expect(sent).toEqual(planned.sort());
    expect(measured.steps.reduce((sum, step) => sum + step.requests, 0)).toBe(planned.length);
    expect(measured.steps.map((step) => step.failed)).toEqual(measured.steps.map(() => 0));
    for (const step of measured.steps) expect(decode(step.histogram).totalCount).toBe(step.requests);
    expect(measured.sessions).toEqual({ planned: 16, begun: 16, ended: 16 });
    expect(measured.generator.cpuSeconds).toBeGreaterThan(0);
  });
});
