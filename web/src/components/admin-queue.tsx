"use client";
import { useState } from "react";
import { type MediaRequest, type RequestPage, write } from "../lib/api.ts";
import { Notice } from "./notice.tsx";
import { useRead } from "./use-read.ts";

const QUEUES = {
  awaiting: {
    title: "Waiting for approval",
    empty: "Nothing waits for approval.",
    actions: { approve: "Approve", decline: "Decline" },
  },
  failed: { title: "Failed", empty: "Nothing has failed.", actions: { retry: "Try again" } },
} as const;

/** Requests that need a moderator's decision, and those that failed. */
export function AdminQueue() {
  return (
    <>
      <Queue status="awaiting" />
      <Queue status="failed" />
    </>
  );
}

function Queue({ status }: { status: keyof typeof QUEUES }) {
  const { title, empty, actions } = QUEUES[status];
  const { data, error, reload } = useRead<RequestPage>(`/api/v1/requests?status=${status}&limit=50`);
  return (
    <section aria-labelledby={status}>
      <h2 id={status}>{title}</h2>
      <Notice error={error} retry={reload} />
      {data?.items.length === 0 ? <p>{empty}</p> : null}
      <ul className="requests">
        {data?.items.map((request) => (
          <Decision key={request.id} request={request} actions={actions} decided={reload} />
        ))}
      </ul>
    </section>
  );
}

interface DecisionProps {
  request: RequestPage["items"][number];
  actions: Readonly<Record<string, string>>;
  decided(): void;
}

function Decision({ request: { id, title, requestedBy }, actions, decided }: DecisionProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  async function decide(action: string): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await write<MediaRequest>(`/api/v1/requests/${id}/${action}`, undefined, crypto.randomUUID());
      decided();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  }

  return (
    <li>
      <span>{title}</span> <em>requested by {requestedBy}</em>
      {Object.entries(actions).map(([action, label]) => (
        <button key={action} type="button" className="quiet" disabled={busy} onClick={() => void decide(action)}>
          {label}
          <span className="hidden"> {title}</span>
        </button>
      ))}
      <Notice error={error} />
    </li>
  );
}
