import type { Evidence } from "../evidence.ts";
import { DRILL_METRICS } from "../metric-names.ts";
import { call, json } from "../verify/http.ts";
import { eventually } from "./eventually.ts";
import type { Target } from "./stack.ts";

/** Two scrapes of Pushgateway, and a little. */
const SEEN_SECONDS = 40;

/** The series of a drill, in Prometheus' text format. Pure. */
export function seriesOf(evidence: Evidence): string {
  const { rto, rpo, passed, lastRun, duration } = DRILL_METRICS;
  const ended = Date.parse(evidence.endedAt) / 1000;
  const values: [name: string, help: string, value: number | undefined][] = [
    [rto, "Seconds from the fault of the newest drill to a verified journey.", evidence.rtoSeconds],
    [rpo, "Seconds of acknowledged work that the newest drill lost.", evidence.rpoSeconds],
    [passed, "Whether the newest drill passed.", Number(evidence.passed)],
    [lastRun, "When the newest drill ended.", ended],
    [duration, "How long the newest drill took.", ended - Date.parse(evidence.startedAt) / 1000],
  ];
  return values
    .filter(([, , value]) => value !== undefined)
    .map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`)
    .join("");
}

/** Leaves the drill's figures at Pushgateway, one group for each kind, and waits until Prometheus has them. */
export async function pushMetrics({ pushgatewayUrl, prometheusUrl }: Target, evidence: Evidence): Promise<void> {
  const url = `${pushgatewayUrl}/metrics/job/drill/kind/${evidence.kind}`;
  const answer = await call(url, { method: "PUT", text: seriesOf(evidence) });
  if (answer.status >= 300) throw new Error(`Pushgateway answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  const query = encodeURIComponent(`${DRILL_METRICS.lastRun}{kind="${evidence.kind}"}`);
  await eventually("the drill's figures in Prometheus", SEEN_SECONDS, async () => {
    const found = json<{ data: { result: { value: [number, string] }[] } }>(
      await call(`${prometheusUrl}/api/v1/query?query=${query}`),
      200,
    );
    const value = Number(found.data.result[0]?.value[1]);
    if (Math.abs(value - Date.parse(evidence.endedAt) / 1000) > 0.01) throw new Error(`the last run there is ${value}`);
  });
}
