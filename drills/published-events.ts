import { STREAM } from "@media/service/event-stream";
import type { Stack } from "./lib/stack.ts";
import { askState } from "./verify/redis.ts";

/** An entry in a reply of Redis: its id, then name and value of each field in turn. */
type Entry = readonly [id: string, fields: readonly string[]];

/**
 * The events that the service published, read from its own stream: each of them must reach the clients. Redis keeps only
 * the newest entries, so the stream has to be read repeatedly.
 */
export class PublishedEvents {
  readonly #stack: Stack;
  readonly #ids: string[] = [];
  #last: string;

  private constructor(stack: Stack, last: string) {
    this.#stack = stack;
    this.#last = last;
  }

  /** Starts after the newest entry. */
  static async from(stack: Stack): Promise<PublishedEvents> {
    const [newest] = await askState<Entry[]>(stack, ["XREVRANGE", STREAM, "+", "-", "COUNT", "1"]);
    return new PublishedEvents(stack, newest?.[0] ?? "0-0");
  }

  /**
   * The ids of all events since the start.
   *
   * @throws where Redis removed entries before they were read: lost events could then not be counted
   */
  async read(): Promise<readonly string[]> {
    const kept = await askState<Entry[]>(this.#stack, ["XRANGE", STREAM, this.#last, this.#last]);
    if (this.#last !== "0-0" && kept.length === 0)
      throw new Error(`entry ${this.#last} of the stream was removed before it was read`);
    const fresh = await askState<Entry[]>(this.#stack, ["XRANGE", STREAM, `(${this.#last}`, "+"]);
    // An entry without a name is not an event. It only marks a position.
    this.#ids.push(...fresh.filter(([, [, name]]) => name !== "").map(([id]) => id));
    this.#last = fresh.at(-1)?.[0] ?? this.#last;
    return this.#ids;
  }
}
