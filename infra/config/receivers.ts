import type { Config } from "./schema.ts";

/** Whether a receiver is the sink, and whether one is somewhere else. */
export function placesOf(alerts: Config["alerts"]): { sink: boolean; outside: string[] } {
  const { pagerduty, slack, email, webhook, heartbeat } = alerts;
  const given = [pagerduty.routingKey && pagerduty.url, slack.critical, slack.alerts, slack.monitoring, webhook.url];
  const mail = email.smarthost && `smtp://${email.smarthost}`;
  const outside = [...given, mail, heartbeat.url].filter((url): url is string => Boolean(url));
  return { sink: [...given, mail].some((url) => !url), outside };
}
