"use client";
import { useSyncExternalStore } from "react";

/** Says that the browser is offline, and takes it back. */
export function Connection() {
  const online = useSyncExternalStore(
    subscribe,
    () => navigator.onLine,
    () => true,
  );
  if (online) return null;
  return (
    <p className="offline" role="status">
      You are offline. What you see may be old; it is brought up to date when the connection is back.
    </p>
  );
}

function subscribe(listener: () => void): () => void {
  const events = ["online", "offline"];
  for (const event of events) addEventListener(event, listener);
  return () => {
    for (const event of events) removeEventListener(event, listener);
  };
}
