"use client";
import type { ReactNode } from "react";
import { session } from "../lib/session.ts";
import { Link } from "./link.tsx";
import { useSession } from "./use-session.ts";

/** What only users see; others are told to sign in. */
export function Private({ to, children }: { to: string; children: ReactNode }) {
  const signedIn = useSession();
  if (signedIn) return children;
  if (signedIn === undefined) return <p className="room">Looking for your session…</p>;
  if (signedIn === null)
    return (
      <p className="room" role="status">
        Your session cannot be checked at the moment.{" "}
        <button type="button" className="quiet" onClick={session.look}>
          Try again
        </button>
      </p>
    );
  return (
    <p className="room">
      <Link href="/login">Sign in</Link> to {to}.
    </p>
  );
}
