import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { perSecond } from "../arrivals.ts";
import { runScript, versionOf } from "../script.ts";
import { TIMEOUT_SECONDS, type Tool, type ToolRun } from "../tool.ts";

/** Artillery, a program of its own on PATH. */
export const artillery: Tool = {
  name: "artillery",
  model: "open",
  latency:
    "Artillery's http.response_time, in whole milliseconds: from the last byte sent to the first byte of the answer, without connecting; counted from when it was sent, and within a session a request waits for the one before. A session ends with its first request that has no answer",
  version: () => versionOf("artillery", /Artillery: +([\d.]+)/, ["version"]),
  run: (run) => {
    writeFileSync(join(run.dir, "script.json"), JSON.stringify(scriptOf(run)));
    return runScript(run, {
      command: (file) => ["artillery", "run", "--quiet", file("script.json")],
      // One worker, so that one of them takes the sessions in their order.
      env: (file) => ({
        WORKERS: "1",
        ARTILLERY_DISABLE_TELEMETRY: "1",
        ...(run.target.ca && { NODE_EXTRA_CA_CERTS: file("ca.pem") }),
      }),
      good: [0, 1, 130],
    });
  },
};

/** Artillery begins the sessions of each second evenly, somewhat before they are due; the processor waits for the moment itself. */
function scriptOf({ plan, target }: ToolRun) {
  const request = { url: "/", beforeRequest: "prepare", afterResponse: "answered", followRedirect: false };
  return {
    config: {
      target: target.url,
      processor: join(import.meta.dirname, "processor.mjs"),
      http: { timeout: TIMEOUT_SECONDS },
      phases: perSecond(plan.sessions.map(({ atMs }) => atMs)).map(({ seconds, count }) =>
        count === 0 ? { pause: seconds } : { duration: seconds, arrivalCount: count * seconds },
      ),
    },
    scenarios: [
      {
        beforeScenario: "begin",
        afterScenario: "end",
        onError: ["failed"],
        flow: [
          {
            over: "requests",
            loop: [
              { function: "next" },
              { get: { ...request, ifTrue: "isGet" } },
              { post: { ...request, ifTrue: "isPost" } },
            ],
          },
        ],
      },
    ],
  };
}
