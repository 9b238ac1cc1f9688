import { TraceFlags } from "@opentelemetry/api";
import type { loadConfig } from "../process/config.ts";
import { createLogger } from "./log.ts";
import { startRequestSpan, startTracing } from "./tracing.ts";

const RATIO = 0.25;
const TRACE = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

beforeAll(() => {
  const log = createLogger({ process: "api", SERVICE_VERSION: "1", LOG_LEVEL: "fatal" }, { write() {} });
  const config = { process: "api", TRACE_SAMPLE_RATIO: RATIO } as ReturnType<typeof loadConfig>;
  startTracing(config, log, []);
});

const kept = (headers = {}) => {
  const span = startRequestSpan("GET", headers);
  const sampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  expect(span.isRecording()).toBe(sampled);
  return sampled;
};

test("of requests that begin a trace the configured share is kept, and a span is made for these only", () => {
  const share = Array.from({ length: 10_000 }, () => kept()).filter(Boolean).length / 10_000;
  // Five standard deviations to either side.
  expect(Math.abs(share - RATIO)).toBeLessThan(0.022);
});

test("of a trace that goes on the caller has decided", () => {
  for (let n = 0; n < 50; n++) {
    expect(kept({ traceparent: `00-${TRACE}-01` })).toBe(true);
    expect(kept({ traceparent: `00-${TRACE}-00` })).toBe(false);
  }
});
