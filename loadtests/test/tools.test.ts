import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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

/** An authority of its own, as a stack's gateway has: the certificate signs itself. */
function ownAuthority() {
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const subject = ["-subj", "/CN=load test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "pipe" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
const tls = ownAuthority();

async function requestsBy(tool: Tool) {
  const recorder = await startRecorder({ tls });
  const target = { url: recorder.url, ca: tls.cert, token: "secret", mark: "test" };
  const stop = new AbortController().signal;
  const measured = await tool.run({ plan, target, dir: mkdtempSync(join(dir, tool.name)), progress: () => {}, stop });
  await recorder.close();
  return { sent: recorder.requests.map(asText).sort(), measured };
}

/** What of a request the journey decides; what a tool adds of its own (User-Agent and the like) is left out. */
const asText = ({ method, url, headers, body }: Recorded) =>
  [
    method,
    url,
    body,
    ...["authorization", "idempotency-key", "content-type", "x-synthetic"].map((name) => headers[name]),
  ].join(" ");

/** The others take a minute together and must be installed first: `make soak ONLY=load-tools` tries them too. */
const TRIED = process.env.LOAD_TOOLS === "all" ? Object.keys(TOOLS) : ["custom", "k6"];

describe.each(TRIED)("%s", (name) => {
  const tool = TOOLS[name] as Tool;
  const run = name === "custom" || process.env.LOAD_TOOLS === "all" || isThere(name) ? test : test.skip;

  run(
    "sends what the plan says, and counts all of it",
    async () => {
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
    },
    180_000,
  );
});
