import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { RequestButton } from "../../../../components/finder.tsx";
import { Private } from "../../../../components/private.tsx";
import { Trailers } from "../../../../components/trailers.tsx";
import { trailers } from "../../../../lib/catalogue.ts";

const KINDS = { movie: "Film", tv: "Series" } as const;
const MOST = 200;

interface Props {
  params: Promise<{ mediaType: string; tmdbId: string }>;
  searchParams: Promise<{ name?: string | string[] }>;
}

/** A title with its trailers. The list that led here gives its name; it is a label and nothing else. */
export default async function Page({ params, searchParams }: Props) {
  const { mediaType, tmdbId } = await params;
  if ((mediaType !== "movie" && mediaType !== "tv") || !/^[1-9]\d{0,8}$/.test(tmdbId)) notFound();
  const { name } = await searchParams;
  const title = typeof name === "string" && name ? name.slice(0, MOST) : `${KINDS[mediaType]} ${tmdbId}`;
  const { data } = await trailers(mediaType, tmdbId, await headers());
  return (
    <main id="main">
      <h1>{title}</h1>
      <p>{KINDS[mediaType]}</p>
      <Private to="request it">
        <RequestButton title={{ mediaType, tmdbId: Number(tmdbId), title }} />
      </Private>
      <h2>Trailers</h2>
      <Trailers found={data} />
    </main>
  );
}
