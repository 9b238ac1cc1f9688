import { targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { timedLines } from "@media/drills/verify/loki";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import type { Options } from "./options.ts";
import { type JaegerTrace, type LogLine, story } from "./trace-story.ts";

/** Prints the spans and the log lines of one trace, in the order of their times. */
export async function trace({ stack, name, id = "", json: asJson }: Options): Promise<void> {
  if (!/^[0-9a-f]{32}$/.test(id))
    throw new UserError(`"${id}" is no trace's id`, "take the 32 digits of an answer's x-trace-id: make trace ID=…");
  useEnvironment(layoutOf(name), stack);
  const target = await targetOf(access({ layout: layoutOf(name), name: stack }));
  const [spans, lines] = await Promise.all([spansOf(target.jaegerUrl, id), timedLines(target, id)]);
  if (spans.spans.length === 0 && lines.length === 0)
    throw new UserError(
      `no span and no log line of the last hour has the trace id ${id}`,
      "a trace may not have been kept (app.traceSampleRatio); wait some seconds for a new one",
    );
  const logs: LogLine[] = lines.map(({ at, line }) => ({ at: Number(at / 1_000n), line }));
  if (asJson) return console.log(JSON.stringify({ spans: spans.spans, lines: logs }, null, 2));
  for (const line of story(spans, logs)) console.log(line);
}

async function spansOf(jaegerUrl: string, id: string): Promise<JaegerTrace> {
  const answer = await call(`${jaegerUrl}/api/traces/${id}`);
  if (answer.status === 404) return { spans: [], processes: {} };
  return json<{ data: JaegerTrace[] }>(answer, 200).data[0] ?? { spans: [], processes: {} };
}
