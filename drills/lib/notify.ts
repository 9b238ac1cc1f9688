import { call, json } from "../verify/http.ts";
import { eventually } from "./eventually.ts";
import type { Target } from "./stack.ts";

const SECONDS = 20;
const LASTS_MS = 10 * 60_000;

interface AlertmanagerAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
}

/** What was told, and to whom. */
export interface Notification {
  readonly receivers: readonly string[];
  /** Says that the drill is over. */
  resolve(): Promise<void>;
}

/**
 * Tells the people who are told of alerts that a drill has injected a fault, in the way of every alert: through Alertmanager,
 * as severity `info`. Waits until Alertmanager has it and names its receivers.
 */
export async function notify({ alertmanagerUrl, stack }: Target, kind: string, summary: string): Promise<Notification> {
  const labels = { alertname: "DrillRunning", category: "infrastructure", severity: "info", kind, stack: stack.name };
  const send = async (endsAt: Date) => {
    const annotations = { summary, description: "A drill; it ends by itself." };
    const body = [{ labels, annotations, startsAt: new Date().toISOString(), endsAt: endsAt.toISOString() }];
    const answer = await call(`${alertmanagerUrl}/api/v2/alerts`, { method: "POST", body });
    if (answer.status !== 200) throw new Error(`Alertmanager answered ${answer.status}: ${answer.text.slice(0, 200)}`);
  };
  await send(new Date(Date.now() + LASTS_MS));
  const receivers = await eventually("Alertmanager to list the drill's alert", SECONDS, async () => {
    const filter = encodeURIComponent(`kind="${kind}"`);
    const found = json<AlertmanagerAlert[]>(await call(`${alertmanagerUrl}/api/v2/alerts?filter=${filter}`), 200);
    const mine = found.find((alert) => alert.labels.alertname === labels.alertname);
    if (!mine) throw new Error("it is not there");
    return mine.receivers.map(({ name }) => name);
  });
  return { receivers, resolve: () => send(new Date()) };
}
