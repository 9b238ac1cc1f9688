import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { stringify } from "yaml";
import { rulesYaml } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "media-scaling-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MINUTES = 5;
const lasting = (start: number, perSecond: number) => `${start}+${perSecond * 15}x${MINUTES * 4}`;
const of = (labels: string) => `namespace="media-dev",${labels}`;
const BUSY = {
  [`up{${of('job="api",pod="a"')}}`]: lasting(1, 0),
  [`up{${of('job="api",pod="b"')}}`]: lasting(1, 0),
  [`up{${of('job="gateway",pod="g"')}}`]: lasting(1, 0),
  [`http_server_request_duration_seconds_count{${of('job="api",pod="a"')}}`]: lasting(0, 20),
  [`http_server_request_duration_seconds_count{${of('job="api",pod="b"')}}`]: lasting(0, 4),
  [`gateway_http_responses_total{${of('pod="g",source="service"')}}`]: lasting(0, 24),
  [`gateway_http_responses_total{${of('pod="g",source="web"')}}`]: lasting(0, 7),
  [`media_queue_oldest_job_age_seconds{${of('pod="w",queue="fast"')}}`]: lasting(3, 0),
  [`media_queue_oldest_job_age_seconds{${of('pod="w",queue="slow"')}}`]: lasting(41, 0),
};

/** What autoscalers would be told at the end of the series. */
function check(series: Record<string, string>, expected: Record<string, number | undefined>): void {
  writeFileSync(join(folder, "rules.yaml"), rulesYaml([]));
  const figures = { age: "media:workload_queue_age_seconds", requests: "media:workload_requests_per_second" };
  const promql_expr_test = Object.entries(expected).map(([workload, value]) => ({
    expr: `max by (namespace) ({__name__="${workload === "worker" ? figures.age : figures.requests}",workload="${workload}"})`,
    eval_time: `${MINUTES}m`,
    exp_samples: value === undefined ? [] : [{ labels: '{namespace="media-dev"}', value }],
  }));
  const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const tests = {
    rule_files: ["rules.yaml"],
    evaluation_interval: "15s",
    tests: [{ interval: "15s", input_series, promql_expr_test }],
  };
  writeFileSync(join(folder, "tests.yaml"), stringify(tests));
  execFileSync("promtool", ["test", "rules", join(folder, "tests.yaml")], { encoding: "utf8", stdio: "pipe" });
}

test("requests of all pods of a workload are one figure, and of queues the latest counts", () => {
  check(BUSY, { api: 24, gateway: 31, web: 7, worker: 41 });
});

test("pods that are scraped and have counted nothing have none; without a scrape there is no figure", () => {
  const idle = Object.fromEntries(Object.entries(BUSY).filter(([name]) => name.startsWith("up{")));
  check(idle, { api: 0, gateway: 0, web: 0, worker: undefined });
  const away = Object.fromEntries(Object.keys(idle).map((name) => [name, lasting(0, 0)]));
  check(away, { api: undefined, gateway: undefined, web: undefined });
});

test("and the check fails on another number", () => {
  expect(() => check(BUSY, { api: 25 })).toThrow(/FAILED/);
});
