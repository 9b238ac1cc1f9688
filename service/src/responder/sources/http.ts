import { readFileSync } from "node:fs";
import { type Agent, fetch } from "undici";
import { createAgent } from "../../resilience/http-agent.ts";

/** What one question to another program may take. */
const ANSWER_MS = 5_000;
/** Bytes of an answer that are read at most. */
const MAX_ANSWER = 4_194_304;

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** PEM file of the authority that the server's certificate is from. @default the system's */
  caFile?: string;
}

/** An answer that is not a success. */
export class AnswerError extends Error {
  readonly status: number;
  constructor(url: string, status: number, text: string) {
    super(`${new URL(url).host} answered ${status}: ${text.slice(0, 200)}`);
    this.status = status;
  }
}

/** By the file of the authority that servers' certificates are from; "" is the system's. */
const agents = new Map<string, Agent>();

/** Asks and reads JSON; an empty body is undefined. @throws AnswerError, or what undici throws where no server answers */
export async function ask<T>(url: string, { caFile, ...init }: Ask = {}): Promise<T> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MS), dispatcher: agentOf(caFile) });
  const text = await answer.text();
  if (!answer.ok) throw new AnswerError(url, answer.status, text);
  if (text.length > MAX_ANSWER) throw new Error(`${new URL(url).host} answered with ${text.length} bytes`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** The connections to servers whose certificates are from that authority. */
export function agentOf(caFile = ""): Agent {
  const known =
    agents.get(caFile) ?? createAgent(caFile === "" ? {} : { connect: { ca: readFileSync(caFile, "utf8") } });
  agents.set(caFile, known);
  return known;
}
