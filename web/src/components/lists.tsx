"use client";
import type { Library, Plans, Services, Subscription } from "../lib/api.ts";
import { Notice } from "./notice.tsx";
import { useRead } from "./use-read.ts";

/** What was added to the library last. */
export function LibraryList() {
  const { data, error, reload } = useRead<Library>("/api/v1/library?limit=50");
  return (
    <>
      <Notice error={error} retry={reload} />
      {data?.items.length === 0 ? <p>The library is empty.</p> : null}
      <ul>
        {data?.items.map(({ plexId, title, year, addedAt }) => (
          <li key={plexId}>
            <span>{title}</span> {year ? <small>{year}</small> : null}{" "}
            <em>
              added on <Day at={addedAt} />
            </em>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What can be subscribed to. */
export function PlanList() {
  const { data, error, reload } = useRead<Plans>("/api/v1/plans");
  return (
    <>
      <Notice error={error} retry={reload} />
      <ul>
        {data?.items.map(({ id, name, price, requestsPerWeek }) => (
          <li key={id}>
            <strong>{name}</strong>: {requestsPerWeek} requests a week, {money(price)} a month
          </li>
        ))}
      </ul>
    </>
  );
}

/** The user's own plan and what is left of the week. */
export function OwnPlan() {
  const { data, error, reload } = useRead<Subscription>("/api/v1/subscription");
  if (!data) return <Notice error={error} retry={reload} />;
  return <p className="room">{planSentence(data)}</p>;
}

function planSentence({ plan, requests: { used, limit } }: Subscription): string {
  const bound = limit === null ? "without a limit" : `of ${limit}`;
  return `Your plan is ${plan.name}. Requests used this week: ${used} ${bound}.`;
}

const SAID = {
  up: "works",
  degraded: "answers with difficulty",
  down: "does not answer",
  unknown: "was not asked yet",
};

/** How the services of others are that this one needs. */
export function ServiceList() {
  const { data, error, reload } = useRead<Services>("/api/v1/health/services");
  return (
    <>
      <Notice error={error} retry={reload} />
      <ul>
        {data?.items.map(({ name, status }) => (
          <li key={name} data-state={status}>
            <span>{name}</span> <em>{SAID[status]}</em>
          </li>
        ))}
      </ul>
      <button type="button" className="quiet" onClick={reload}>
        Ask again
      </button>
    </>
  );
}

/** In the reader's own language and time. */
function Day({ at }: { at: string }) {
  return <time dateTime={at}>{new Date(at).toLocaleDateString()}</time>;
}

function money({ amountMinor, currency }: Plans["items"][number]["price"]): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amountMinor / 100);
}
