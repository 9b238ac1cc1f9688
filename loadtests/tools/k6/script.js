// What k6 runs: the sessions of a plan, one an iteration. Each line that it writes is one event, read by tool.ts.
import { sleep } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";
import http from "k6/http";

const sessions = new SharedArray("sessions", () => JSON.parse(open(__ENV.PLAN)).sessions);
const steps = new SharedArray("steps", () => JSON.parse(open(__ENV.PLAN)).steps);
const target = JSON.parse(open(__ENV.TARGET));

export const options = JSON.parse(open(__ENV.OPTIONS));

export default function () {
  const index = exec.scenario.iterationInTest;
  const session = sessions[index];
  if (!session) return;
  const started = exec.scenario.startTime;
  const begun = Date.now();
  console.log(`b ${begun - started - session.atMs}`);
  const saved = {};
  for (const request of session.requests) {
    const step = steps[request.step];
    const wait = begun + request.atMs - Date.now();
    if (wait > 0) sleep(wait / 1000);
    const needed = /\{(\w+)\}/.exec(request.path);
    if (needed && saved[needed[1]] === undefined) {
      console.log(`k ${request.step}`);
      continue;
    }
    const path = needed ? request.path.replace(needed[0], saved[needed[1]]) : request.path;
    const answer = http.request(request.method, `${target.url}${path}`, request.body || null, parametersOf(request, step));
    const error = errorOf(answer, step);
    const good = error === "-";
    if (good) for (const name in step.save) saved[name] = answer.json(step.save[name]);
    const us = Math.round(answer.timings.duration * 1000);
    const trace = answer.headers["X-Trace-Id"] || "-";
    console.log(`s ${request.step} ${Date.now() - started} ${us} ${answer.status} ${error} ${trace}`);
  }
  console.log("e");
}

function parametersOf(request, step) {
  const headers = { [target.markHeader]: target.mark };
  if (step.signedIn) headers.Authorization = `Bearer ${target.token}`;
  if (request.key) headers["Idempotency-Key"] = request.key;
  if (request.body) headers["Content-Type"] = "application/json";
  return { headers, redirects: 0, timeout: `${target.timeoutSeconds}s`, tags: { name: step.name } };
}

function errorOf(answer, step) {
  if (answer.status === step.status) return "-";
  if (answer.status === 0) return CONNECTION[answer.error_code] || `k6-${answer.error_code}`;
  const problem = /"type"\s*:\s*"\/problems\/([a-z0-9-]+)"/.exec(answer.body || "");
  return problem ? problem[1] : `http-${answer.status}`;
}

// k6's error codes: https://grafana.com/docs/k6/latest/javascript-api/error-codes/
const CONNECTION = { 1050: "timeout", 1212: "connection-refused", 1220: "connection-lost" };

export function handleSummary({ metrics }) {
  const dropped = metrics.dropped_iterations ? metrics.dropped_iterations.values.count : 0;
  return { [__ENV.SUMMARY]: JSON.stringify({ dropped }) };
}
