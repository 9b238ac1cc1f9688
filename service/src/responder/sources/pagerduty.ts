import { ask } from "./http.ts";

/** PagerDuty's Events API v2, under the keys by which Alertmanager opens, updates and resolves its incidents. */
export interface PagerDuty {
  /** Tells it that a person has the incident, so that it asks no further one. */
  acknowledge(key: string): Promise<void>;
}

export function createPagerDuty(url: string, routingKey: string): PagerDuty {
  return {
    async acknowledge(key) {
      const body = JSON.stringify({ routing_key: routingKey, event_action: "acknowledge", dedup_key: key });
      await ask(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    },
  };
}
