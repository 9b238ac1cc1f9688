/**
 * The services that others run, as this platform asks them. One table: the configuration's keys (`app.upstreams.<name>`),
 * the variables and secret files of our processes (service/src/process/config.ts) and the links are made from it. A double
 * answers for each below `/<name>`.
 */
export const upstreams = {
  tmdb: { url: "TMDB_BASE_URL", credential: "TMDB_TOKEN_FILE", example: "https://api.themoviedb.org" },
  plex: { url: "PLEX_BASE_URL", credential: "PLEX_TOKEN_FILE", example: "https://plex.example.com:32400" },
  youtube: { url: "YOUTUBE_BASE_URL", credential: "YOUTUBE_KEY_FILE", example: "https://www.googleapis.com" },
  overseerr: { url: "OVERSEERR_BASE_URL", credential: "OVERSEERR_KEY_FILE", example: "https://overseerr.example.com" },
} as const satisfies Record<string, UpstreamEntry>;

export interface UpstreamEntry {
  /** Variable that tells a process where the service is. */
  url: string;
  /** Variable that names the file with the credential. */
  credential: string;
  /** Where it is, or could be: shown in errors. */
  example: string;
}

export type UpstreamName = keyof typeof upstreams;
export const upstreamNames = Object.keys(upstreams) as UpstreamName[];

/** What the configuration says of one service; nothing, where its double answers. */
export interface UpstreamSettings {
  baseUrl?: string | undefined;
  credential?: string | undefined;
}

/** Services that the configuration says to be somewhere else than at the double. */
export function realUpstreams(settings: Record<UpstreamName, UpstreamSettings>): [UpstreamName, string][] {
  return upstreamNames.flatMap((name) => {
    const { baseUrl } = settings[name];
    return baseUrl ? [[name, baseUrl] as [UpstreamName, string]] : [];
  });
}
