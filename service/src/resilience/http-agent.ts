import { Agent } from "undici";

/**
 * Milliseconds for which an idle connection is kept, whatever its server allows. A server that goes away without a word
 * leaves connections that look alive, and each costs a call its whole time: none of them is left after this.
 */
const IDLE_MS = 4_000;

/** The connections of HTTP clients. */
export function createAgent(options: Agent.Options = {}): Agent {
  return new Agent({ keepAliveTimeout: IDLE_MS, keepAliveMaxTimeout: IDLE_MS, ...options });
}
