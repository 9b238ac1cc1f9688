"use client";
import { useEffect } from "react";
import { signOut } from "../lib/session.ts";
import { Link } from "./link.tsx";
import { useSession } from "./use-session.ts";

/** Sign-in or sign-out, whichever applies. */
export function Account() {
  const signedIn = useSession();
  // For tests and other robots: the page is at work, and knows whose it is.
  useEffect(() => {
    if (signedIn !== undefined) document.documentElement.dataset.ready = "yes";
  }, [signedIn]);
  if (!signedIn) return <Link href="/login">Sign in</Link>;
  return (
    <button type="button" onClick={() => void signOut()}>
      Sign out
    </button>
  );
}
