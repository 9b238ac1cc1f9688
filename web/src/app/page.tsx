import { connection } from "next/server";
import { Home } from "../components/home.tsx";
import type { Titles } from "../lib/api.ts";

const API = process.env.API_URL ?? "http://api:8080";
/** A page without its list is better than a page that waits. */
const WAIT_MS = 1_500;

export default async function Page() {
  await connection();
  return <Home first={await popular()} />;
}

async function popular(): Promise<Titles | undefined> {
  try {
    const signal = AbortSignal.timeout(WAIT_MS);
    const response = await fetch(`${API}/api/v1/discover?mediaType=movie`, { signal, cache: "no-store" });
    return response.ok ? ((await response.json()) as Titles) : undefined;
  } catch {
    return undefined;
  }
}
