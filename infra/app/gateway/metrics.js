// Counts every answer of the gateway inside nginx: no line of a log has to be read for it, and none can be lost.
// Runs in njs, which knows neither Node's modules nor destructuring; the tests run it in Node.

/** Upper bounds of the histogram, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10];
const SOURCES = ["cache", "gateway", "operations", "service", "web"];
/** Who answers for each upstream; the others are pages for operators. */
const ANSWERS = { api: "service", web: "web" };
/** What nginx says of an answer that it had kept. */
const KEPT = ["HIT", "STALE", "UPDATING"];

/**
 * The service never sees what nginx had kept, so its count of feature uses (`media_feature_uses_total`) lacks it: here it
 * goes on, by the same names. They are found in the path, of which only these are kept.
 */
const OPERATIONS = [
  [/^\/api\/v1\/discover$/, "discover"],
  [/^\/api\/v1\/search$/, "search"],
  [/^\/api\/v1\/titles\/.*\/trailers$/, "listTrailers"],
];

function operationOf(path) {
  const found = OPERATIONS.find((it) => it[0].test(path));
  return found ? found[1] : "other";
}

/**
 * `service` where the answer is the service's; `gateway` where nginx gave it by itself: no route, too large, too often,
 * a service that was silent or spoke nonsense. nginx notes when it has read an answer's head; without that the status
 * is its own. Of several tries the last one counts. `cache` where nginx had kept the service's answer. `web` where the
 * answer is the front end's, kept or not: its times say nothing of the service's; nor do those of `operations`, which are
 * the responder's and of the programs behind its sign-in.
 */
function sourceOf(headerTime, cacheStatus, upstream) {
  if (KEPT.includes(cacheStatus)) return upstream === "web" ? "web" : "cache";
  const times = (headerTime || "").split(/[,:]/);
  const last = times[times.length - 1].trim();
  if (last === "" || last === "-") return "gateway";
  return ANSWERS[upstream] || "operations";
}

/** Evaluated when the line of the access log is made: once per request, after its answer. */
function count(r) {
  // njs knows no destructuring.
  const v = r.variables;
  const source = sourceOf(v.upstream_header_time, v.upstream_cache_status, v.asked_upstream);
  const seconds = Number(r.variables.request_time);
  const fits = BUCKETS.findIndex((bound) => seconds <= bound);
  ngx.shared.answers.incr(`source="${source}",status="${r.variables.status}"`, 1, 0);
  if (source === "cache") ngx.shared.uses.incr(`operation="${operationOf(r.variables.uri)}",kind="view"`, 1, 0);
  // A socket's line comes when it closes: its hours are no answer's time.
  if (r.variables.status === "101") return source;
  ngx.shared.durations.incr(`${source} ${fits < 0 ? BUCKETS.length : fits}`, 1, 0);
  ngx.shared.durations.incr(`${source} sum`, seconds, 0);
  return source;
}

function family(name, type, help, samples) {
  const lines = samples.map((sample) => `${name}${sample}\n`).join("");
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
}

function counts(zone) {
  return zone
    .items()
    .map((item) => `{${item[0]}} ${item[1]}`)
    .sort();
}

function durations() {
  const recorded = (key) => ngx.shared.durations.get(key) || 0;
  const samples = [];
  SOURCES.forEach((source) => {
    let total = 0;
    BUCKETS.concat(["+Inf"]).forEach((bound, n) => {
      total += recorded(`${source} ${n}`);
      samples.push(`_bucket{source="${source}",le="${bound}"} ${total}`);
    });
    samples.push(`_sum{source="${source}"} ${recorded(`${source} sum`)}`, `_count{source="${source}"} ${total}`);
  });
  return samples;
}

/** stub_status is text for people: active connections; accepted, handled, requests; reading, writing, waiting. */
function connections(text) {
  const n = text.match(/\d+/g).map(Number);
  const states = [
    `{state="active"} ${n[0]}`,
    `{state="reading"} ${n[4]}`,
    `{state="waiting"} ${n[6]}`,
    `{state="writing"} ${n[5]}`,
  ];
  return [
    family("gateway_connections", "gauge", "Connections of clients by state.", states),
    family("gateway_connections_accepted_total", "counter", "Connections of clients.", [` ${n[1]}`]),
    family("gateway_connections_handled_total", "counter", "Of those, the ones that found room.", [` ${n[2]}`]),
  ].join("");
}

const USES = "Calls that the cache answered, by operation: add them to media_feature_uses_total, which lacks them.";

/** Prometheus' text format. */
async function expose(r) {
  const status = await r.subrequest("/stub_status");
  const text =
    family(
      "gateway_http_responses_total",
      "counter",
      "Answers by status and by who gave them.",
      counts(ngx.shared.answers),
    ) +
    family("gateway_cache_feature_uses_total", "counter", USES, counts(ngx.shared.uses)) +
    family("gateway_http_request_duration_seconds", "histogram", "Seconds from first to last byte.", durations()) +
    connections(status.responseText);
  r.headersOut["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8";
  r.return(200, text);
}

export default { count, expose };
