import { setTimeout as sleep } from "node:timers/promises";
import { Gauge, Pushgateway, Registry } from "prom-client";
import { Problem } from "../errors/problem.ts";
import type { Logger } from "../observability/log.ts";
import { createMetrics } from "../observability/metrics/metrics.ts";
import {
  CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS,
  PROBE_DURATION_SECONDS,
  PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS,
  PROBE_SUCCESS,
} from "../observability/metrics/names.ts";
import type { Config } from "../process/config.ts";
import { openUpstreams } from "../upstreams/clients.ts";
import { certificateExpiry } from "./certificate.ts";

/**
 * Each run is a new pod: until NetworkPolicies elsewhere know its address, its connections are refused. During this time
 * a refused connection does not count as a failure; any answer counts at once.
 */
const FIRST_MOMENTS_MS = 5_000;
/** Long enough that the circuit does not open meanwhile. */
const PAUSE_MS = 1_000;
/** Silence of Pushgateway after which a push has failed. */
const PUSH_MS = 5_000;
const JOB = "prober";

interface Probed {
  probe(): Promise<void>;
}

interface Found {
  service: string;
  success: boolean;
  seconds: number;
}

/**
 * One round: asks every upstream, each under its policy, and pushes what it found to Pushgateway. An upstream that
 * is down is a finding; only a finding that could not be left is a failure.
 */
export async function probe(config: Config, log: Logger): Promise<void> {
  const upstreams = openUpstreams({ config, metrics: createMetrics(config.SERVICE_VERSION) });
  const round = Object.entries(upstreams).map(async ([service, client]) => {
    const found = await ask(service, client, log);
    await client.close();
    await push(config.PUSHGATEWAY_URL, service, gaugesOf(found));
  });
  const failed = (await Promise.allSettled([...round, lookAtCertificate(config, log)])).filter(
    (result) => result.status === "rejected",
  );
  if (failed.length === 0) return;
  const reasons = failed.map(({ reason }) => reason as unknown);
  throw new AggregateError(reasons, `${failed.length} findings could not be pushed: ${String(reasons[0])}`);
}

/** Of the gateway. Not to be reached is no finding about its certificate: the last one stays. */
async function lookAtCertificate({ GATEWAY_URL, PUSHGATEWAY_URL }: Config, log: Logger): Promise<void> {
  if (GATEWAY_URL === undefined) return;
  for (;;) {
    try {
      const seconds = await certificateExpiry(new URL(GATEWAY_URL));
      const gauges = { [CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS]: seconds };
      await push(PUSHGATEWAY_URL, "gateway", gauges);
      return;
    } catch (error) {
      if (performance.now() > FIRST_MOMENTS_MS)
        return log.warn({ err: error }, "the gateway's certificate was not seen");
      await sleep(PAUSE_MS);
    }
  }
}

async function ask(service: string, client: Probed, log: Logger): Promise<Found> {
  for (;;) {
    const started = performance.now();
    const error = await client.probe().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const ended = performance.now(); // since the process began
    if (isSilence(error) && ended < FIRST_MOMENTS_MS) {
      await sleep(PAUSE_MS);
      continue;
    }
    if (error) log.warn({ err: error, upstream: service }, "the service does not work");
    return { service, success: error === undefined, seconds: (ended - started) / 1_000 };
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof Problem && error.code === "upstream-unreachable";
}

const HELP: Record<string, string> = {
  [PROBE_SUCCESS]: "Whether an upstream answered as documented.",
  [PROBE_DURATION_SECONDS]: "Seconds that its answer, or the lack of one, took.",
  [PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS]: "When it last answered as documented.",
  [CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS]: "When the certificate that a server shows ends.",
};

const gaugesOf = ({ success, seconds }: Found): Record<string, number> => ({
  [PROBE_SUCCESS]: success ? 1 : 0,
  [PROBE_DURATION_SECONDS]: seconds,
  ...(success ? { [PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS]: Date.now() / 1_000 } : {}),
});

/**
 * A group for each service, and added to (POST) instead of replaced: what is not pushed now, the time of the last
 * success, stays as it was. The label `service` comes from the group.
 */
async function push(url: string, service: string, gauges: Record<string, number>): Promise<void> {
  const registry = new Registry();
  for (const [name, value] of Object.entries(gauges))
    new Gauge({ name, help: HELP[name] ?? name, registers: [registry] }).set(value);
  const gateway = new Pushgateway(url, { timeout: PUSH_MS }, registry);
  await gateway.pushAdd({ jobName: JOB, groupings: { service } });
}
