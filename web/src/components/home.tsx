"use client";
import { lazy, Suspense, useState } from "react";
import type { MediaRequest, Titles } from "../lib/api.ts";
import { Finder } from "./finder.tsx";
import { Private } from "./private.tsx";
import { useSession } from "./use-session.ts";

// For users alone, so that visitors do not load it.
const OwnRequests = lazy(() => import("./own-requests.tsx").then(({ OwnRequests: part }) => ({ default: part })));

/** Search, request and live progress. */
export function Home({ first, isStale }: { first: Titles | undefined; isStale: boolean }) {
  const signedIn = useSession();
  const [added, setAdded] = useState<MediaRequest>();
  return (
    <>
      <Finder {...{ first, isStale, signedIn: signedIn === true, requested: setAdded }} />
      <Private to="request titles and to follow them">
        <Suspense fallback={<p className="room">Loading your requests…</p>}>
          <OwnRequests added={added} />
        </Suspense>
      </Private>
    </>
  );
}
