/** Does one work for all who ask under one key while it is under way, in this process. */
export function createSingleFlight() {
  const underWay = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const known = underWay.get(key) as Promise<T> | undefined;
    if (known) return known;
    const started = work();
    underWay.set(key, started);
    // Without this handler, an error would be reported as an unhandled rejection.
    started.finally(() => underWay.delete(key)).catch(() => {});
    return started;
  };
}
