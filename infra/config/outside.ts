/**
 * The services that others run, as this platform asks them. One table: the configuration's keys (`app.outside.<name>`),
 * the variables and secret files of our processes (service/src/process/config.ts) and the links are made from it. A double
 * answers for each below `/<name>`.
 */
export const outsideServices = {
  tmdb: { url: "TMDB_BASE_URL", credential: "TMDB_TOKEN_FILE", example: "https://api.themoviedb.org" },
  plex: { url: "PLEX_BASE_URL", credential: "PLEX_TOKEN_FILE", example: "https://plex.example.com:32400" },
  youtube: { url: "YOUTUBE_BASE_URL", credential: "YOUTUBE_KEY_FILE", example: "https://www.googleapis.com" },
  overseerr: { url: "OVERSEERR_BASE_URL", credential: "OVERSEERR_KEY_FILE", example: "https://overseerr.example.com" },
} as const satisfies Record<string, OutsideServiceEntry>;

export interface OutsideServiceEntry {
  /** Variable that tells a process where the service is. */
  url: string;
  /** Variable that names the file with the credential. */
  credential: string;
  /** Where it is, or could be: shown in errors. */
  example: string;
}

export type OutsideService = keyof typeof outsideServices;
export const outsideNames = Object.keys(outsideServices) as OutsideService[];

/** What the configuration says of one service; nothing, where its double answers. */
export interface OutsideSettings {
  baseUrl?: string | undefined;
  credential?: string | undefined;
}

/** Services that the configuration says to be somewhere else than at the double. */
export function realServices(outside: Record<OutsideService, OutsideSettings>): [OutsideService, string][] {
  return outsideNames.flatMap((name) => {
    const { baseUrl } = outside[name];
    return baseUrl ? [[name, baseUrl] as [OutsideService, string]] : [];
  });
}
