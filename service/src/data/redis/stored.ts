/** Parses JSON from Redis, whose content is not trusted; undefined where `isOne` refuses it, as if it were not there. */
export function parseStored<T>(text: string, isOne: (value: Partial<T>) => boolean): T | undefined {
  try {
    const value = JSON.parse(text) as T | null;
    return value !== null && typeof value === "object" && isOne(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
