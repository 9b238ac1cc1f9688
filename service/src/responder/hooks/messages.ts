import { z } from "zod";
import type { Meant } from "../../data/repositories/incident-pages.ts";
import { Problem } from "../../errors/problem.ts";

/** What a signed message says. */
export interface Said {
  /** By which it is known when it comes again. */
  id: string;
  at: Date;
  /** Who, as the audit names people: `pagerduty:<id>`, `slack:<id>`. */
  by: string;
  /** The incidents that the person takes over; undefined: the message is about something else. */
  meant: Meant | undefined;
}

/** The used part of a webhook of PagerDuty, version 3: https://developer.pagerduty.com/docs/webhooks-overview */
const pagerDuty = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string().max(100),
    occurred_at: z.iso.datetime({ offset: true }),
    agent: z.object({ id: z.string().max(100) }).nullish(),
    data: z.object({ incident_key: z.string().max(255).nullish() }).loose(),
  }),
});

/** The used part of what Slack sends of a button: https://docs.slack.dev/legacy/legacy-messaging/legacy-making-messages-interactive */
const slack = z.object({
  type: z.enum(["interactive_message", "block_actions"]),
  user: z.object({ id: z.string().min(1).max(100) }),
  message_ts: z.string().max(40).optional(),
  container: z.object({ message_ts: z.string().max(40).optional() }).optional(),
  actions: z
    .array(
      z.object({
        name: z.string().max(200).optional(),
        action_id: z.string().max(200).optional(),
        value: z.string().max(200).optional(),
      }),
    )
    .max(10),
});

/** The name of the button in messages to Slack. */
export const SLACK_ACTION = "acknowledge";

/** @throws Problem `malformed-body` or `validation-failed` */
export function readPagerDuty(body: Buffer): Said {
  const { event } = parse(pagerDuty, json(body.toString("utf8")));
  const at = new Date(event.occurred_at);
  const key = event.data.incident_key;
  const meant = event.event_type === "incident.acknowledged" && key ? { key, at } : undefined;
  return { id: `pagerduty:${event.id}`, at, by: `pagerduty:${event.agent?.id ?? "unknown"}`, meant };
}

/** `signature`: the message's own, by which it is known. @throws Problem `malformed-body` or `validation-failed` */
export function readSlack(body: Buffer, signature: string): Said {
  const payload = new URLSearchParams(body.toString("utf8")).get("payload") ?? "";
  const { user, actions, message_ts, container } = parse(slack, json(payload));
  const at = new Date(Number(message_ts ?? container?.message_ts ?? Number.NaN) * 1_000);
  if (Number.isNaN(at.getTime())) throw invalid([{ path: "/message_ts", message: "is no time" }]);
  const pressed = actions.find(({ name, action_id }) => (name ?? action_id) === SLACK_ACTION);
  const meant = pressed?.value ? { category: pressed.value, at } : undefined;
  return { id: `slack:${signature}`, at, by: `slack:${user.id}`, meant };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("malformed-body", { cause });
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const { data, error } = schema.safeParse(value);
  if (error) throw invalid(error.issues.map(({ path, message }) => ({ path: `/${path.join("/")}`, message })));
  return data as z.output<S>;
}

function invalid(errors: { path: string; message: string }[]): Problem {
  const detail = "This is no message that the incidents know.";
  return new Problem("validation-failed", { detail, extensions: { errors: errors.slice(0, 20) } });
}
