"use client";
import Link from "next/link";
import { useEffect, useState } from "react";
import type { MediaRequest, Titles } from "../lib/api.ts";
import { accessToken, signOut } from "../lib/session.ts";
import { Finder } from "./finder.tsx";
import { Notice } from "./notice.tsx";
import { OwnRequests } from "./own-requests.tsx";

/** The page for search, request and live progress. */
export function Home({ first }: { first: Titles | undefined }) {
  const [signedIn, setSignedIn] = useState<boolean>();
  const [added, setAdded] = useState<MediaRequest>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    accessToken().then((token) => setSignedIn(token !== undefined), setError);
  }, []);
  return (
    <>
      <header>
        <h1>Media requests</h1>
        <nav aria-label="Account">
          {signedIn ? (
            <button type="button" onClick={() => signOut().then(() => setSignedIn(false))}>
              Sign out
            </button>
          ) : (
            <Link href="/login">Sign in</Link>
          )}
        </nav>
      </header>
      <main id="main">
        <Notice error={error} />
        <Finder first={first} signedIn={signedIn === true} requested={setAdded} />
        {signedIn ? <OwnRequests added={added} /> : null}
        {signedIn === false ? <p>Sign in to request titles and to follow them.</p> : null}
      </main>
    </>
  );
}
