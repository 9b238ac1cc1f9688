"use client";
import { useState } from "react";
import { type MediaRequest, read, type Title, type Titles, write } from "../lib/api.ts";
import { Notice } from "./notice.tsx";

const MOST = 200;
const MEDIA = { movie: "Films", tv: "Series" } as const;
type MediaType = keyof typeof MEDIA;

/** Search and its results, each with a button that requests the title. */
export function Finder({ first, signedIn, requested }: FinderProps) {
  const [titles, setTitles] = useState(first);
  const [mediaType, setMediaType] = useState<MediaType>("movie");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  async function search(form: FormData): Promise<void> {
    const query = String(form.get("query") ?? "")
      .trim()
      .slice(0, MOST);
    setBusy(true);
    setError(undefined);
    try {
      const path = query ? "/api/v1/search" : "/api/v1/discover";
      setTitles(await read<Titles>(`${path}?${new URLSearchParams({ mediaType, ...(query ? { query } : {}) })}`));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section aria-labelledby="find">
      <h2 id="find">Find a title</h2>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            search(new FormData(event.currentTarget));
          }}
        >
          <label>
            Kind
            <select value={mediaType} onChange={(event) => setMediaType(event.target.value as MediaType)}>
              {Object.entries(MEDIA).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            Title
            <input type="search" name="query" maxLength={MOST} autoComplete="off" />
          </label>
          <button type="submit" disabled={busy}>
            {busy ? "Searching…" : "Search"}
          </button>
        </form>
      </search>
      <Notice error={error} />
      <ul className="titles" aria-busy={busy}>
        {titles?.items.map((title) => (
          <Entry key={`${title.mediaType}-${title.tmdbId}`} {...{ title, signedIn, requested }} />
        ))}
      </ul>
      {titles?.items.length === 0 ? <p>No title fits.</p> : null}
      {titles ? null : <p>The catalogue is not available at the moment. Your requests below still work.</p>}
    </section>
  );
}

interface FinderProps {
  first: Titles | undefined;
  signedIn: boolean;
  /** Called with each new request. */
  requested(request: MediaRequest): void;
}

function Entry({ title, signedIn, requested }: Omit<FinderProps, "first"> & { title: Title }) {
  const [state, setState] = useState<"idle" | "sending" | "done">("idle");
  const [error, setError] = useState<unknown>();
  // One key per title and page: a second click repeats the first call instead of asking twice.
  const [key] = useState(() => crypto.randomUUID());

  async function request(): Promise<void> {
    setState("sending");
    setError(undefined);
    try {
      const { mediaType, tmdbId } = title;
      requested(await write<MediaRequest>("/api/v1/requests", { mediaType, tmdbId }, key));
      setState("done");
    } catch (failure) {
      setError(failure);
      setState("idle");
    }
  }

  return (
    <li>
      <h3>
        {title.title} {title.year ? <small>{title.year}</small> : null}
      </h3>
      <p>{title.overview}</p>
      {signedIn ? (
        <button type="button" onClick={request} disabled={state !== "idle"}>
          {{ idle: "Request", sending: "Requesting…", done: "Requested" }[state]}
          <span className="hidden"> {title.title}</span>
        </button>
      ) : null}
      <Notice error={error} />
    </li>
  );
}
