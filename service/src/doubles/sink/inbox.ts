import type { Logger } from "../../observability/log.ts";

/** The ways on which Alertmanager sends. */
export const CHANNELS = ["pagerduty", "slack", "email", "webhook"] as const;
export type Channel = (typeof CHANNELS)[number];

/** What came, in the words that all ways share. */
export interface Arrival {
  channel: Channel;
  /** To which of the way's receivers: a Slack channel, an address, PagerDuty's key, Alertmanager's receiver. */
  to: string;
  /** `firing` or `resolved`. */
  status: string;
  /** Names of the alerts in it, as far as the way tells. */
  alerts: string[];
  severity: string;
  summary: string;
}

export interface Message extends Arrival {
  /** Counts up from 1, so that a reader can ask for what is new. */
  id: number;
  receivedAt: string;
  body: unknown;
}

/** Older messages go when there are more. */
const KEPT = 1_000;

/** Keeps what the sink was sent, in memory. */
export class Inbox {
  readonly #messages: Message[] = [];
  readonly #log: Pick<Logger, "info">;
  #last = 0;

  constructor(log: Pick<Logger, "info">) {
    this.#log = log;
  }

  add(arrival: Arrival, body: unknown): Message {
    const message = { id: ++this.#last, receivedAt: new Date().toISOString(), ...arrival, body };
    this.#messages.push(message);
    if (this.#messages.length > KEPT) this.#messages.shift();
    if (arrival.channel === "webhook") this.#tell(arrival);
    return message;
  }

  /** The log's line of an alert is what the dashboard's "Recent Incidents" finds; the webhook gets each alert once. */
  #tell({ alerts, severity, status, summary }: Arrival): void {
    for (const alert of alerts.filter((name) => name !== "Watchdog"))
      this.#log.info({ alert, severity, status, summary }, "alert");
  }

  /** Those with a higher id, oldest first. */
  since(id: number): Message[] {
    return this.#messages.filter((message) => message.id > id);
  }

  clear(): void {
    this.#messages.length = 0;
  }
}
