import type { IncomingMessage, ServerResponse } from "node:http";
import { PLAIN_TEXT, toPlainText, wantsOpenMetrics } from "../observability/metrics/exposition.ts";
import type { Metrics } from "../observability/metrics/metrics.ts";
import { READY } from "../observability/metrics/names.ts";
import { within } from "../resilience/deadline.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** Milliseconds a dependency may take to answer a readiness check. */
const CHECK_MS = 1_000;

/**
 * Something that the process needs; throws while it is out of reach. Until it has been reached once the process is
 * not ready: a wrong address or password must stop a rollout. After that it is only reported: all pods share it, and
 * taking all of them out would turn a partial outage into a whole one.
 */
export interface ReadinessCheck {
  name: string;
  check(): Promise<unknown>;
}

export interface AdminOptions {
  metrics: Metrics;
  lifecycle: Lifecycle;
  readiness: ReadinessCheck[];
  /** Why the process is stuck, or undefined while it is alive. Never asks a dependency: a restart would not mend it. */
  stuck?: () => string | undefined;
}

type Answer = { status: number; type: string; body: string };

/** Handler of the admin port: /metrics, /livez and /readyz. */
export function adminHandler(options: AdminOptions): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const { registry } = options.metrics;
  options.metrics.gauge(READY, "Whether the process would answer ready: 0 or 1.", (set) =>
    set({}, options.lifecycle.serving ? 1 : 0),
  );
  const reached = new Set<string>();
  const routes: Record<string, (accept: string | undefined) => Promise<Answer>> = {
    "/metrics": async (accept) => {
      const body = await registry.metrics();
      return wantsOpenMetrics(accept)
        ? { status: 200, type: registry.contentType, body }
        : { status: 200, type: PLAIN_TEXT, body: toPlainText(body) };
    },
    "/livez": async () => liveness(options.stuck?.()),
    "/readyz": () => readiness(options, reached),
  };
  return async (req, res) => {
    const route = routes[(req.url ?? "").split("?")[0] ?? ""];
    const answer = route
      ? await route(req.headers.accept)
      : json(404, { status: "no such path", paths: Object.keys(routes) });
    res.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
  };
}

function liveness(stuck: string | undefined): Answer {
  return stuck === undefined ? json(200, { status: "alive" }) : json(503, { status: "stuck", reason: stuck });
}

async function readiness({ lifecycle, readiness: checks }: AdminOptions, reached: Set<string>): Promise<Answer> {
  if (lifecycle.draining) return json(503, { status: "draining" });
  if (!lifecycle.serving) return json(503, { status: "starting" });
  const failed = (await Promise.all(checks.map(failure))).filter((name) => name !== undefined);
  for (const { name } of checks) if (!failed.includes(name)) reached.add(name);
  if (failed.length === 0) return json(200, { status: "ready" });
  const never = failed.filter((name) => !reached.has(name));
  return never.length > 0
    ? json(503, { status: "unready", unreachable: never })
    : json(200, { status: "degraded", unreachable: failed });
}

async function failure({ name, check }: ReadinessCheck): Promise<string | undefined> {
  return within(CHECK_MS, check, () => new Error("no answer in time")).then(
    () => undefined,
    () => name,
  );
}

function json(status: number, body: object): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(body)}\n` };
}
