import { setTimeout as delay } from "node:timers/promises";
import { isMap, listAt, type Props, stringAt } from "../lib/values.ts";
import { ApiError, type Client, isNotFound, type Query } from "./client.ts";

/**
 * The server ends a watch after this time and we begin the next one where it ended. A connection that is dead without a word is
 * found by the silence that follows.
 */
const WATCH_SECONDS = 50;
const SILENCE_MS = 60_000;
/** The pause before a list or watch is begun again; it doubles while nothing comes of it. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;
/** How often a server that refuses the watch is asked. */
const POLL_MS = 1000;

/** Which objects a feed follows. */
export interface Source {
  /** The path of the collection. */
  readonly path: string;
  /** Selectors. */
  readonly query: Query;
  /** What the server's selectors cannot say. */
  keeps(object: Props): boolean;
  /** The path of the one object that it is about: read where the list is refused. */
  readonly one?: string;
}

/** The one object of a path, which ends in its name. */
export function onlyObject(path: string): Source {
  const slash = path.lastIndexOf("/");
  const query = { fieldSelector: `metadata.name=${decodeURIComponent(path.slice(slash + 1))}` };
  return { path: path.slice(0, slash), query, keeps: () => true, one: path };
}

/** What a watch says that is no event. */
class Garbled extends Error {}

/**
 * Follows a collection by list and watch (kubernetes.io, API concepts, "Efficient detection of changes"): a watch that breaks goes on
 * at the version it had come to; one that cannot (410 Gone, garbage) begins with a new list. A server that refuses the watch is
 * polled, as a last resort. It runs until `signal` and never throws: what it knows may be old, and whoever decides by it reads again.
 */
export class Feed {
  readonly #client: Client;
  readonly #source: Source;
  readonly #signal: AbortSignal;
  readonly #changed: () => void;
  #objects: Map<string, Props> | undefined;
  #version: string | undefined;
  #changedAt = Date.now();
  #pauseMs = FIRST_PAUSE_MS;
  #refused = false;

  /** @param first an object that was just read: the watch begins there, without a list */
  constructor(client: Client, source: Source, signal: AbortSignal, changed: () => void, first?: Props) {
    this.#client = client;
    this.#source = source;
    this.#signal = signal;
    this.#changed = changed;
    this.#version = version(first);
    if (first) this.#objects = new Map([[keyOf(first), first]]);
    void this.#run();
  }

  /** The objects as far as they are known; undefined before the first answer. */
  get objects(): Props[] | undefined {
    return this.#objects && [...this.#objects.values()].filter((object) => this.#source.keeps(object));
  }

  /** When the objects last changed, in milliseconds of the epoch. */
  get changedAt(): number {
    return this.#changedAt;
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list();
        if (this.#version !== undefined) await this.#watch(this.#version);
      } catch (error) {
        this.#failed(error);
      }
      await this.#pause();
    }
  }

  /** A broken connection leaves the version: the next watch goes on there. Any other end does not. */
  #failed(error: unknown): void {
    if (!(error instanceof ApiError || error instanceof Garbled)) return;
    if (isRefusal(error) && this.#version !== undefined) this.#refused = true;
    this.#version = undefined;
  }

  async #pause(): Promise<void> {
    const ms = this.#refused ? POLL_MS : this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
    await delay(ms, undefined, { signal: this.#signal }).catch(() => {});
  }

  async #list(): Promise<void> {
    const { path, query } = this.#source;
    const list = await this.#client.json("GET", path, { query, signal: this.#signal }).catch((error) => {
      if (!isRefusal(error)) throw error;
      return this.#withoutList();
    });
    this.#replace(listAt(list, "items").filter(isMap));
    this.#version = this.#refused ? undefined : version(list);
  }

  /** Where the list is refused: the one object that may be read, or none. */
  async #withoutList(): Promise<Props> {
    this.#refused = true;
    if (!this.#source.one) return {};
    try {
      return { items: [await this.#client.json("GET", this.#source.one, { signal: this.#signal })] };
    } catch (error) {
      if (isNotFound(error)) return {};
      throw error;
    }
  }

  async #watch(from: string): Promise<void> {
    const { path, query } = this.#source;
    const watch = { watch: "1", allowWatchBookmarks: "true", timeoutSeconds: String(WATCH_SECONDS) };
    const stream = await this.#client.stream(path, {
      query: { ...query, ...watch, resourceVersion: from },
      timeoutMs: SILENCE_MS,
      signal: this.#signal,
    });
    for await (const line of lines(stream)) this.#event(line);
  }

  #event(line: string): void {
    const { type, object } = parseEvent(line);
    if (type === "ERROR") throw new ApiError(Number(object.code ?? 500), object, line);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#version = version(object) ?? this.#version;
    if (type === "BOOKMARK") return;
    this.#objects ??= new Map();
    if (type === "DELETED") this.#objects.delete(keyOf(object));
    else this.#objects.set(keyOf(object), object);
    this.#tell();
  }

  #replace(objects: Props[]): void {
    const before = this.#objects;
    this.#objects = new Map(objects.map((object) => [keyOf(object), object]));
    const same = (object: Props) => version(before?.get(keyOf(object))) === version(object);
    if (before?.size !== objects.length || !objects.every(same)) this.#tell();
  }

  #tell(): void {
    this.#changedAt = Date.now();
    this.#changed();
  }
}

/** A collection is of one namespace, or of none: a name is enough. */
const keyOf = (object: Props): string => stringAt(object, "metadata", "name") ?? "";

const version = (object: Props | undefined): string | undefined => stringAt(object, "metadata", "resourceVersion");

/** The server's last word, unlike "not now" (429), "too slow" (408) and "too old" (410). */
function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code >= 400 && error.code < 500 && ![408, 410, 429].includes(error.code);
}

const TYPES = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"];

function parseEvent(line: string): { type: string; object: Props } {
  try {
    const { type, object } = JSON.parse(line) as { type?: string; object?: Props };
    if (type !== undefined && TYPES.includes(type) && isMap(object)) return { type, object };
  } catch {
    // Half a line, or none of the API server's: the same as a line that says nothing.
  }
  throw new Garbled(`the watch said ${line.slice(0, 200)}`);
}

/** Whole lines only: what a broken connection left of the last one is dropped, and comes again. */
async function* lines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.trim() !== "") yield part;
  }
}
