import { beforeEach, expect, test } from "@jest/globals";
import { CONTRACT } from "@media/service/contract";
import type { Operation } from "@media/service/contract/operation";
// @ts-expect-error It is JavaScript, since nginx runs it as it is.
import metrics from "./metrics.js";

/** What njs gives a script: numbers by key, shared by all workers. */
function zone() {
  const held = new Map<string, number>();
  return {
    incr: (key: string, by: number, from: number) => held.set(key, (held.get(key) ?? from) + by),
    get: (key: string) => held.get(key),
    items: () => [...held],
  };
}

beforeEach(() => {
  Object.assign(globalThis, { ngx: { shared: { answers: zone(), durations: zone(), uses: zone() } } });
});

const STUB_STATUS = `Active connections: 3
server accepts handled requests
 21 20 40
Reading: 1 Writing: 2 Waiting: 0
`;

const answer = (
  status: string,
  headerTime: string | undefined,
  seconds = "0.020",
  cache?: string,
  uri = "/",
  upstream = "api",
) =>
  metrics.count({
    variables: {
      status,
      upstream_header_time: headerTime,
      request_time: seconds,
      upstream_cache_status: cache,
      uri,
      asked_upstream: upstream,
    },
  });

async function scrape(): Promise<string> {
  let text = "";
  await metrics.expose({
    subrequest: async () => ({ responseText: STUB_STATUS }),
    headersOut: {},
    return: (_status: number, body: string) => {
      text = body;
    },
  });
  return text;
}

test.each([
  ["no route", "404", undefined, "gateway"],
  ["nothing came back", "504", "-", "gateway"],
  ["the client left before an answer", "499", "", "gateway"],
  ["two pods, both silent", "502", "-, -", "gateway"],
  ["the first pod silent, the second not", "200", "-, 0.004", "service"],
  ["the service's own 404", "404", "0.002", "service"],
  ["the service's own 503", "503", "0.002", "service"],
])("%s: %s with head time %p is by the %s", async (_name, status, headerTime, source) => {
  expect(answer(status, headerTime)).toBe(source);
  expect(await scrape()).toContain(`gateway_http_responses_total{source="${source}",status="${status}"} 1\n`);
});

test.each(["responder", "prometheus"])(
  "an answer of the operators' page %s is no answer of the service",
  async (name) => {
    expect(answer("200", "0.004", "0.001", undefined, `/ops/${name}/`, name)).toBe("operations");
    expect(answer("502", "-", "0.001", undefined, `/ops/${name}/`, name)).toBe("gateway");
  },
);

test.each([
  ["HIT", undefined, "cache"],
  ["UPDATING", undefined, "cache"],
  ["STALE", "-", "cache"],
  ["MISS", "0.004", "service"],
  ["BYPASS", "0.004", "service"],
  ["MISS", "-", "gateway"],
])("a cache's %s with head time %p is by the %s", async (cache, headerTime, source) => {
  expect(answer("200", headerTime, "0.001", cache)).toBe(source);
});

test.each([
  ["fresh", "200", "0.004", "MISS", "web"],
  ["kept", "200", undefined, "HIT", "web"],
  ["the front end's own error", "500", "0.004", undefined, "web"],
  ["nothing came back", "502", "-", undefined, "gateway"],
])(
  "an answer of the front end, %s: %s is by the %5$s, and is no use of the api",
  async (_name, status, time, cache, source) => {
    expect(answer(status, time, "0.001", cache, "/_next/static/a.js", "web")).toBe(source);
    expect(await scrape()).not.toContain("gateway_cache_feature_uses_total{");
  },
);

test("what the cache answers is counted by the operation that the service does not see", async () => {
  const paths = {
    discover: "/api/v1/discover",
    search: "/api/v1/search",
    listTrailers: "/api/v1/titles/movie/603/trailers",
  };
  const cached = (Object.entries(CONTRACT) as [string, Operation][]).filter(([, it]) => it.caching === "shared");
  expect(cached.map(([operation]) => operation).sort()).toEqual(Object.keys(paths).sort());
  for (const [operation, path] of Object.entries(paths)) {
    expect(CONTRACT[operation as keyof typeof paths].path).toBe(path.replace("movie/603", "{mediaType}/{tmdbId}"));
    answer("200", undefined, "0.001", "HIT", path);
    answer("200", undefined, "0.001", "STALE", path);
    answer("200", "0.004", "0.005", "MISS", path);
  }
  const uses = (await scrape()).match(/^gateway_cache_feature_uses_total\{.*$/gm);
  expect(uses).toEqual(
    ["discover", "listTrailers", "search"].map(
      (it) => `gateway_cache_feature_uses_total{operation="${it}",kind="view"} 2`,
    ),
  );
});

test("durations are a histogram: cumulative, with sum and count", async () => {
  for (const seconds of ["0.001", "0.200", "0.201", "60.000"]) answer("200", "0.001", seconds);
  const text = await scrape();
  const bucket = (le: string) => `gateway_http_request_duration_seconds_bucket{source="service",le="${le}"}`;
  for (const line of [`${bucket("0.1")} 1`, `${bucket("0.2")} 2`, `${bucket("10")} 3`, `${bucket("+Inf")} 4`])
    expect(text).toContain(`${line}\n`);
  expect(text).toContain('_sum{source="service"} 60.402\n');
  expect(text).toContain('_count{source="service"} 4\n');
});

test("a socket is counted, and the hours that it was open are not", async () => {
  answer("101", "0.004", "7200.000");
  const text = await scrape();
  expect(text).toContain('gateway_http_responses_total{source="service",status="101"} 1\n');
  expect(text).toContain('gateway_http_request_duration_seconds_count{source="service"} 0\n');
});

test("connections come from stub_status", async () => {
  const text = await scrape();
  for (const [state, n] of Object.entries({ active: 3, reading: 1, writing: 2, waiting: 0 }))
    expect(text).toContain(`gateway_connections{state="${state}"} ${n}\n`);
  expect(text).toContain("gateway_connections_accepted_total 21\n");
  expect(text).toContain("gateway_connections_handled_total 20\n");
});
