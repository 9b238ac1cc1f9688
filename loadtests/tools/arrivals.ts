/** Seconds one after the other in which as many sessions begin. */
export interface Arrivals {
  readonly seconds: number;
  /** In each of the seconds. */
  readonly count: number;
}

/** How many moments (milliseconds) fall into each second, for tools that are told a rate by the second. */
export function perSecond(moments: readonly number[]): readonly Arrivals[] {
  const all: { seconds: number; count: number }[] = [];
  const last = Math.floor((moments.at(-1) ?? 0) / 1_000);
  let next = 0;
  for (let second = 0; second <= last; second++) {
    let count = 0;
    for (; (moments[next] ?? Number.POSITIVE_INFINITY) < (second + 1) * 1_000; next++) count += 1;
    const before = all.at(-1);
    if (before?.count === count) before.seconds += 1;
    else all.push({ seconds: 1, count });
  }
  return all;
}
