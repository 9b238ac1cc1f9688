import { STREAM } from "@media/service/event-stream";
import type { Stack } from "../stack/pulumi.ts";
import { askState } from "../verify/redis.ts";

/** An entry as Redis answers it: its id, and name and value of each field in turn. */
type Entry = readonly [id: string, fields: readonly string[]];

/**
 * The events that the service told, by its own stream: what a client must have heard. Redis keeps the newest of them
 * only, so it has to be read again and again.
 */
export class Told {
  readonly #stack: Stack;
  readonly #ids: string[] = [];
  #last: string;

  private constructor(stack: Stack, last: string) {
    this.#stack = stack;
    this.#last = last;
  }

  /** Begins after the newest entry that there is. */
  static async from(stack: Stack): Promise<Told> {
    const [newest] = await askState<Entry[]>(stack, "XREVRANGE", STREAM, "+", "-", "COUNT", "1");
    return new Told(stack, newest?.[0] ?? "0-0");
  }

  /** All since the beginning. Throws where entries went before they were read: what was lost could not be counted. */
  async read(): Promise<readonly string[]> {
    const kept = await askState<Entry[]>(this.#stack, "XRANGE", STREAM, this.#last, this.#last);
    if (this.#last !== "0-0" && kept.length === 0) throw new Error(`entry ${this.#last} of the stream is gone already`);
    const fresh = await askState<Entry[]>(this.#stack, "XRANGE", STREAM, `(${this.#last}`, "+");
    // An entry without a name only marks a place.
    this.#ids.push(...fresh.filter(([, [, name]]) => name !== "").map(([id]) => id));
    this.#last = fresh.at(-1)?.[0] ?? this.#last;
    return this.#ids;
  }
}
