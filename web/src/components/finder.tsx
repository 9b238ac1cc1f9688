"use client";
import { useRef, useState } from "react";
import { type MediaRequest, read, type Title, type Titles, write } from "../lib/api.ts";
import { Link } from "./link.tsx";
import { Notice } from "./notice.tsx";

const MOST = 200;
const MEDIA = { movie: "Films", tv: "Series" } as const;
type MediaType = keyof typeof MEDIA;

interface FinderProps {
  first: Titles | undefined;
  /** The first list is one from before, since the service gave none. */
  isStale: boolean;
  signedIn: boolean;
  /** Called with each new request. */
  requested(request: MediaRequest): void;
}

/** Search and its results, each with a button that requests the title. */
export function Finder({ first, isStale, signedIn, requested }: FinderProps) {
  const [titles, setTitles] = useState(first);
  const [mediaType, setMediaType] = useState<MediaType>("movie");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  // Answers can overtake each other: only that of the last search counts.
  const last = useRef(0);

  async function search(form: FormData): Promise<void> {
    const query = String(form.get("query") ?? "")
      .trim()
      .slice(0, MOST);
    const mine = ++last.current;
    setBusy(true);
    setError(undefined);
    try {
      const path = query ? "/api/v1/search" : "/api/v1/discover";
      const found = await read<Titles>(`${path}?${new URLSearchParams({ mediaType, ...(query ? { query } : {}) })}`);
      if (mine === last.current) setTitles(found);
    } catch (failure) {
      if (mine === last.current) setError(failure);
    } finally {
      if (mine === last.current) setBusy(false);
    }
  }

  return (
    <section aria-labelledby="find">
      <h2 id="find">Find a title</h2>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void search(new FormData(event.currentTarget));
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
            Search
          </button>
        </form>
      </search>
      <Notice error={error} />
      {isStale && titles === first ? (
        <p role="status">This list is an older one: the catalogue is not available.</p>
      ) : null}
      <ul className="titles" aria-busy={busy}>
        {titles?.items.map((title) => (
          <Entry key={`${title.mediaType}-${title.tmdbId}`} {...{ title, signedIn, requested }} />
        ))}
      </ul>
      {titles?.items.length === 0 ? <p>No title fits.</p> : null}
      {titles ? null : <p>The catalogue is not available at the moment. Your requests still work.</p>}
    </section>
  );
}

function Entry({ title, signedIn, requested }: Pick<FinderProps, "signedIn" | "requested"> & { title: Title }) {
  const address = `/titles/${title.mediaType}/${title.tmdbId}?${new URLSearchParams({ name: title.title })}`;
  return (
    <li>
      <h3>
        <Link href={address}>{title.title}</Link> {title.year ? <small>{title.year}</small> : null}
      </h3>
      <p>{title.overview}</p>
      {signedIn ? <RequestButton {...{ title, requested }} /> : null}
    </li>
  );
}

interface RequestButtonProps {
  title: Pick<Title, "mediaType" | "tmdbId" | "title">;
  requested?(request: MediaRequest): void;
}

/** Requests a title. A second click, and a click after an error, repeat the first call instead of asking twice. */
export function RequestButton({ title, requested }: RequestButtonProps) {
  const [state, setState] = useState<"idle" | "sending" | "done">("idle");
  const [error, setError] = useState<unknown>();
  const [key] = useState(() => crypto.randomUUID());

  async function request(): Promise<void> {
    setState("sending");
    setError(undefined);
    try {
      const { mediaType, tmdbId } = title;
      const made = await write<MediaRequest>("/api/v1/requests", { mediaType, tmdbId }, key);
      requested?.(made);
      setState("done");
    } catch (failure) {
      setError(failure);
      setState("idle");
    }
  }

  return (
    <>
      <button type="button" onClick={() => void request()} disabled={state !== "idle"}>
        {{ idle: "Request", sending: "Requesting…", done: "Requested" }[state]}
        <span className="hidden"> {title.title}</span>
      </button>
      <Notice error={error} />
    </>
  );
}
