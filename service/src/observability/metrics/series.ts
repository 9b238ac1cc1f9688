/** One of a metric's series: what its labels are, and what was counted under them. */
export interface Series<V> {
  readonly labels: Readonly<Record<string, string>>;
  value: V;
}

/**
 * A metric's series, found by the values of their labels. prom-client checks, sorts and hashes all labels at each call,
 * which for a cached read costs more than the rest of its telemetry; here they are looked at once, when a series is new.
 */
export class AllSeries<V> {
  readonly #names: readonly string[];
  readonly #fresh: () => V;
  readonly #byKey = new Map<string, Series<V>>();

  constructor(names: readonly string[], fresh: () => V) {
    this.#names = names;
    this.#fresh = fresh;
  }

  of(labels: Readonly<Record<string, string>>): Series<V> {
    let key = "";
    for (const name of this.#names) key += `${labels[name]}\u0000`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const pairs = this.#names.map((name) => [name, String(labels[name])]);
    const series = { labels: Object.fromEntries(pairs), value: this.#fresh() };
    this.#byKey.set(key, series);
    return series;
  }

  [Symbol.iterator](): IterableIterator<Series<V>> {
    return this.#byKey.values();
  }
}
