"use client";
import { useCallback, useEffect, useState } from "react";
import { type MediaRequest, type RequestPage, read } from "../lib/api.ts";
import { follow } from "../lib/live.ts";
import { Notice } from "./notice.tsx";

const SAID: Record<string, string> = {
  awaiting_approval: "waits for approval",
  pending: "on its way",
  available: "available",
  failed: "failed",
  declined: "declined",
  cancelled: "cancelled",
};

type Shown = Pick<MediaRequest, "id" | "status" | "title"> & { version?: number };

/** The user's own requests with live progress. `added` is the newest request made on this page. */
export function OwnRequests({ added }: { added: MediaRequest | undefined }) {
  const [requests, setRequests] = useState<Shown[]>();
  const [progress, setProgress] = useState<Record<string, number>>({});
  const [connected, setConnected] = useState(true);
  const [error, setError] = useState<unknown>();

  const load = useCallback(() => {
    read<RequestPage>("/api/v1/requests?limit=20").then((page) => {
      setRequests((before) =>
        page.items.map((item) =>
          newer(
            before?.find(({ id }) => id === item.id),
            item,
          ),
        ),
      );
      setError(undefined);
    }, setError);
  }, []);

  useEffect(() => {
    load();
    return follow({
      connected: setConnected,
      reload: load,
      updated: (event) =>
        setRequests((before = []) => {
          const known = before.find(({ id }) => id === event.id);
          if (known?.version && known.version >= event.version) return before;
          return known ? before.map((one) => (one.id === event.id ? event : one)) : [event, ...before];
        }),
      progress: ({ requestId, progress: percent }) =>
        setProgress((before) => ({ ...before, [requestId]: Math.max(percent, before[requestId] ?? 0) })),
    });
  }, [load]);

  useEffect(() => {
    if (added) setRequests((before = []) => (before.some(({ id }) => id === added.id) ? before : [added, ...before]));
  }, [added]);

  return (
    <section aria-labelledby="own">
      <h2 id="own">Your requests</h2>
      {connected ? null : (
        <p role="status">Live updates are interrupted. What you see may be old; the page reconnects.</p>
      )}
      <Notice error={error} />
      {requests?.length === 0 ? <p>You have not requested anything yet.</p> : null}
      <ul className="requests" aria-live="polite">
        {requests?.map(({ id, title, status }) => (
          <li key={id} data-request={id} data-status={status}>
            <span>{title}</span> <em>{SAID[status] ?? status}</em>
            {status === "pending" ? (
              <progress aria-label={`Download of ${title}`} max={100} value={progress[id] ?? 0} />
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** An event may have come before the list that is older than it. */
const newer = (known: Shown | undefined, read: Shown): Shown => (known?.version ? known : read);
