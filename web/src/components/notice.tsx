import { ApiError } from "../lib/problems.ts";

/** An error in plain sentences: what happened, what to do, and the request's id for a report. */
export function Notice({ error }: { error: unknown }) {
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
    </div>
  );
}
