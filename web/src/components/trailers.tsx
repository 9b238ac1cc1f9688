import type { Trailers as Found } from "../lib/api.ts";

/** Links to trailers, which open at YouTube: nothing of another site is loaded into this one. */
export function Trailers({ found }: { found: Found | undefined }) {
  if (!found) return <p>The trailers are not available at the moment.</p>;
  if (found.items.length === 0) return <p>There are no trailers.</p>;
  return (
    <ul>
      {found.items.map(({ videoId, title, url }) => (
        <li key={videoId}>
          {url.startsWith("https://") ? (
            <a href={url} rel="noopener noreferrer">
              {title}
            </a>
          ) : (
            title
          )}
        </li>
      ))}
    </ul>
  );
}
