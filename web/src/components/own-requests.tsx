"use client";
import { useCallback, useEffect, useState } from "react";
import { type MediaRequest, type RequestPage, read, write } from "../lib/api.ts";
import { follow } from "../lib/live.ts";
import { Notice } from "./notice.tsx";

const SAID: Record<MediaRequest["status"], string> = {
  awaiting: "waits for approval",
  pending: "on its way",
  available: "available",
  failed: "failed",
  declined: "declined",
  cancelled: "cancelled",
};

/** What the owner can do in which state. */
const ACTIONS: Partial<Record<MediaRequest["status"], { name: "cancel" | "retry"; label: string }>> = {
  awaiting: { name: "cancel", label: "Cancel" },
  pending: { name: "cancel", label: "Cancel" },
  failed: { name: "retry", label: "Try again" },
  cancelled: { name: "retry", label: "Request again" },
};

type Shown = Pick<MediaRequest, "id" | "status" | "title"> & { version?: number };

/** The user's own requests with live progress. `added` is the newest request made on this page. */
export function OwnRequests({ added }: { added?: MediaRequest | undefined }) {
  const [requests, setRequests] = useState<Shown[]>();
  const [progress, setProgress] = useState<Record<string, number>>({});
  const [connected, setConnected] = useState(true);
  const [error, setError] = useState<unknown>();

  const load = useCallback(() => {
    read<RequestPage>("/api/v1/requests?owner=me&limit=20").then((page) => {
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

  const changed = (request: MediaRequest, from: MediaRequest["status"]) => {
    setProgress(({ [request.id]: _, ...others }) => others);
    // An event that came before this answer tells of the same change, or of a later one: it stays.
    setRequests((before) =>
      before?.map((one) => (one.id === request.id && one.status === from ? { ...one, ...request } : one)),
    );
  };
  return (
    <section aria-labelledby="own">
      <h2 id="own">Your requests</h2>
      {connected ? null : (
        <p role="status">Live updates are interrupted. What you see may be old; the page reconnects.</p>
      )}
      <Notice error={error} retry={load} />
      {requests === undefined && !error ? <p className="room">Loading your requests…</p> : null}
      {requests?.length === 0 ? <p>You have not requested anything yet.</p> : null}
      <ul className="requests" aria-live="polite">
        {requests?.map((request) => (
          <Row key={request.id} request={request} percent={progress[request.id] ?? 0} changed={changed} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  request: Shown;
  percent: number;
  /** Called with the request as the service has it after the change, and the state that it was in before. */
  changed(request: MediaRequest, from: MediaRequest["status"]): void;
}

function Row({ request: { id, title, status }, percent, changed }: RowProps) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const action = ACTIONS[status];

  async function act(name: string): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      changed(await write<MediaRequest>(`/api/v1/requests/${id}/${name}`, undefined, crypto.randomUUID()), status);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <li data-request={id} data-status={status}>
      <span>{title}</span> <em>{SAID[status] ?? status}</em>
      {status === "pending" ? <progress aria-label={`Download of ${title}`} max={100} value={percent} /> : null}
      {action ? (
        <button type="button" className="quiet" disabled={busy} onClick={() => void act(action.name)}>
          {action.label}
          <span className="hidden"> {title}</span>
        </button>
      ) : null}
      <Notice error={error} />
    </li>
  );
}

/** An event may have come before the list that is older than it. */
const newer = (known: Shown | undefined, found: Shown): Shown => (known?.version ? known : found);
