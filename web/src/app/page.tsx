import { headers } from "next/headers";
import { Home } from "../components/home.tsx";
import { popular } from "../lib/catalogue.ts";

export default async function Page() {
  const { data, isStale } = await popular(await headers());
  return (
    <main id="main">
      <h1>Films and series</h1>
      <Home first={data} isStale={isStale} />
    </main>
  );
}
