import type { Titles, Trailers } from "./api.ts";

/** What this server reads from the service for its pages. Such answers are the same for everyone. */
const API = process.env.API_URL ?? "http://api:8080";
/** A page without its list is better than a page that waits. */
const WAIT_MS = 1_500;
/** As long as the service lets others keep it. */
const FRESH_MS = 60_000;
/** An old list is better than none, up to a day. */
const USABLE_MS = 24 * 3_600_000;
const MOST_KEPT = 200;

interface Kept {
  value: unknown;
  at: number;
}

/** Kept in memory, each process for itself: the container's files are read-only. */
const kept = new Map<string, Kept>();

export interface Found<T> {
  data: T | undefined;
  /** From before, because the service gave none now. */
  isStale: boolean;
}

export const popular = (from: Headers) => get<Titles>("/api/v1/discover?mediaType=movie", from);
export const trailers = (mediaType: string, tmdbId: string, from: Headers) =>
  get<Trailers>(`/api/v1/titles/${mediaType}/${tmdbId}/trailers`, from);

/** `from`: the headers of the page's request, whose address the service counts, and whose trace goes on. */
async function get<T>(path: string, from: Headers): Promise<Found<T>> {
  const before = kept.get(path);
  const age = before ? performance.now() - before.at : Number.POSITIVE_INFINITY;
  if (before && age < FRESH_MS) return { data: before.value as T, isStale: false };
  const value = await fetchJson(path, from);
  if (value !== undefined) {
    keep(path, value);
    return { data: value as T, isStale: false };
  }
  return { data: age < USABLE_MS ? (before?.value as T) : undefined, isStale: before !== undefined };
}

async function fetchJson(path: string, from: Headers): Promise<unknown> {
  const passed = ["traceparent", "x-forwarded-for", "x-request-id"];
  const headers = passed.flatMap((name) =>
    from.has(name) ? [[name, from.get(name) as string] as [string, string]] : [],
  );
  try {
    const signal = AbortSignal.timeout(WAIT_MS);
    const response = await fetch(`${API}${path}`, { headers, signal, cache: "no-store" });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

function keep(path: string, value: unknown): void {
  kept.delete(path);
  kept.set(path, { value, at: performance.now() });
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest) kept.delete(oldest);
}
