import { ApiError } from "../lib/problems.ts";

/** An error in plain sentences: what happened, what to do, and the request's id for a report. `retry` tries again. */
export function Notice({ error, retry }: { error: unknown; retry?(): void }) {
  if (!error) return null;
  const known = error instanceof ApiError ? error : undefined;
  return (
    <div className="notice" role="alert">
      <strong>{known?.message ?? "Something in this page failed"}.</strong> {known?.hint ?? "Reload the page."}
      {known?.requestId ? (
        <small>
          Request id <code>{known.requestId}</code>
        </small>
      ) : null}
      {retry ? (
        <button type="button" className="quiet" onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}
