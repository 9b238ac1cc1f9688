import { once } from "node:events";
import type { Props } from "../lib/values.ts";
import type { Client } from "./client.ts";
import { sickSummary } from "./explain.ts";
import { Feed, onlyObject } from "./feed.ts";
import { kindOf } from "./identity.ts";
import { SELECT, type Selection } from "./related.ts";
import { resourceVersionOf } from "./state.ts";
import type { Judge, Moment, Related } from "./verdict.ts";

/** How often time alone is looked at: some verdicts are about how long nothing has changed. */
const TICK_MS = 1000;

/** What the API server tells unasked about an object and what belongs to it. */
export class View {
  readonly #main: Feed;
  readonly #related = new Map<Related, Feed | undefined>();
  #pods: Feed | undefined;
  readonly #news = new EventTarget();
  #hasNews = false;

  private constructor(client: Client, path: string, object: Props, signal: AbortSignal) {
    this.#main = new Feed(client, onlyObject(path), signal, this.#tell, object);
  }

  /** Begins to follow an object that was just read, with what the judge needs, until `signal`. */
  static async open(
    client: Client,
    path: string,
    object: Props,
    judge: Judge | undefined,
    signal: AbortSignal,
  ): Promise<View> {
    const view = new View(client, path, object, signal);
    for (const kind of judge?.needs ?? []) {
      view.#related.set(kind, await view.#feed(client, SELECT[kind](object), signal));
    }
    if (judge?.hasPods && kindOf(object) !== "Pod") view.#pods = await view.#feed(client, SELECT.Pod(object), signal);
    return view;
  }

  async #feed(client: Client, selection: Selection | undefined, signal: AbortSignal): Promise<Feed | undefined> {
    if (!selection) return undefined;
    const { apiVersion, kind, namespace, query, keeps } = selection;
    return new Feed(client, { path: await client.path(apiVersion, kind, namespace), query, keeps }, signal, this.#tell);
  }

  readonly #tell = (): void => {
    this.#hasNews = true;
    this.#news.dispatchEvent(new Event("news"));
  };

  /** The object as it is said to be; undefined when it is said to be gone. */
  get object(): Props | undefined {
    return this.#main.objects?.[0];
  }

  /** Which version of the object that is. */
  get version(): string | undefined {
    return this.object && resourceVersionOf(this.object);
  }

  /** All that is said; undefined while something is missing. */
  get moment(): Moment | undefined {
    const object = this.object;
    const related: Moment["related"] = {};
    for (const [kind, feed] of this.#related) {
      const objects = feed ? feed.objects : [];
      if (!objects) return undefined;
      related[kind] = objects;
    }
    return object && { object, related, settledMs: this.settledMs };
  }

  /** Milliseconds since what belongs to the object last changed. */
  get settledMs(): number {
    const changes = [...this.#related.values()].map((feed) => feed?.changedAt ?? 0);
    return changes.length === 0 ? Number.POSITIVE_INFINITY : Date.now() - Math.max(...changes);
  }

  /** What is wrong with the object's pods, in one line. */
  get trouble(): string | undefined {
    const { object } = this;
    return sickSummary(this.#pods?.objects ?? (object && kindOf(object) === "Pod" ? [object] : []));
  }

  /** Until something changes, a moment passes, or the wait is over. */
  async news(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#hasNews) {
      const until = AbortSignal.any([signal, AbortSignal.timeout(Math.min(ms, TICK_MS))]);
      await once(this.#news, "news", { signal: until }).catch(() => {});
    }
    this.#hasNews = false;
  }
}
