"use client";
import { useEffect, useSyncExternalStore } from "react";
import { session } from "../lib/session.ts";

/** Whether a user is signed in; undefined until it is known, null where the service could not say. */
export function useSession(): boolean | null | undefined {
  useEffect(() => {
    if (session.isSignedIn() === undefined) session.look();
  }, []);
  return useSyncExternalStore(session.subscribe, session.isSignedIn, () => undefined);
}
