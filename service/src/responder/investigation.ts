import type { Incident, Investigation, Reading } from "../model/incidents.ts";
import { messageOf } from "../observability/message.ts";
import type { Deps } from "./deps.ts";
import { type Figure, figuresFor, LISTINGS, LOGS_OF, TRACES_OF } from "./questions.ts";

const BEFORE_MS = 600_000;
/** How long before the alert its cause may show in logs and traces. */
const LEAD_MS = 300_000;
const LINES = 20;
const WORDS = /^[\w.-]+$/;

/** Asks everything at once. What cannot be asked is named in `missing`; an investigation never fails. */
export async function investigate(deps: Deps, incident: Incident): Promise<Investigation> {
  const missing: string[] = [];
  const or = async <T>(what: string, fallback: T, work: () => Promise<T>): Promise<T> => {
    try {
      // Once more: on a busy machine the first connection alone may take its whole time.
      return await work().catch(work);
    } catch (error) {
      missing.push(`${what}: ${messageOf(error)}`);
      return fallback;
    }
  };
  const since = new Date(incident.beganAt.getTime() - LEAD_MS);
  const [metrics, lists, logs, trace, activity] = await Promise.all([
    or("metrics", [], () => readFigures(deps, incident)),
    or("lists", [], () => readLists(deps)),
    or("logs", [], () => deps.loki.lines(logQuery(deps, incident), since, deps.now(), LINES)),
    or("trace", undefined, () => deps.jaeger.trace(TRACES_OF[incident.category] ?? "media-api", since, deps.now())),
    or("database", undefined, () => deps.operations.activity()),
  ]);
  const ofDatabase = activity
    ? [
        { title: "Oldest transactions", lines: activity.oldest },
        { title: "Statements that take most of the database's time", lines: activity.expensive },
      ]
    : [];
  return { metrics, lists: [...lists, ...ofDatabase], logs, trace: trace ?? null, missing };
}

/** The same figures once more, when the incident is over. */
export async function readAgain({ prometheus }: Deps, readings: readonly Reading[]): Promise<Reading[]> {
  return Promise.all(readings.map(async (reading) => ({ ...reading, after: await value(prometheus, reading.query) })));
}

async function readFigures({ prometheus }: Deps, { category, beganAt }: Incident): Promise<Reading[]> {
  // One that fails fails all: Prometheus is away then, and "unknown" would look like "nothing".
  await prometheus.query("vector(1)");
  const before = new Date(beganAt.getTime() - BEFORE_MS);
  return Promise.all(
    figuresFor(category).map(async ({ title, unit, query }: Figure) => ({
      title,
      unit,
      query,
      before: await value(prometheus, query, before),
      atStart: await value(prometheus, query, beganAt),
      found: await value(prometheus, query),
    })),
  );
}

async function value(prometheus: Deps["prometheus"], query: string, at?: Date): Promise<number | null> {
  const [sample] = await prometheus.query(query, at).catch(() => []);
  return sample && Number.isFinite(sample.value) ? sample.value : null;
}

async function readLists({ prometheus, settings }: Deps) {
  const lists = await Promise.all(
    LISTINGS.map(async ({ title, query }) => {
      const samples = await prometheus.query(query.replaceAll("{{namespace}}", settings.namespace));
      const lines = samples.map(({ labels }) => {
        const { alertname, severity, dependency, deployment, pod } = labels;
        return [alertname ?? dependency ?? deployment ?? pod ?? JSON.stringify(labels), severity]
          .filter(Boolean)
          .join(" ");
      });
      return { title, lines: [...new Set(lines)].slice(0, LINES) };
    }),
  );
  return lists.filter(({ lines }) => lines.length > 0);
}

/** Lines of trouble; where the alert names a pod, its own. Labels come from outside: none may end the selector. */
function logQuery({ settings }: Deps, { category, labels }: Incident): string {
  const trouble = '|~ "(?i)(error|fatal|warn|terminat|timeout|refused)"';
  const namespace = `k8s_namespace_name="${settings.namespace}"`;
  // The pod is no label of a stream: it is asked for among the lines.
  if (labels.pod && WORDS.test(labels.pod)) return `{${namespace}} | k8s_pod_name="${labels.pod}" ${trouble}`;
  return `{${namespace},service_name=~"${LOGS_OF[category] ?? ".+"}"} ${trouble}`;
}
