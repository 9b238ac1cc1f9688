import type { Config } from "../config.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { createOverseerr } from "./overseerr.ts";
import { createPlex } from "./plex.ts";
import { createTmdb } from "./tmdb.ts";
import { createYoutube } from "./youtube.ts";

/** A service without a credential is asked all the same: its refusal is then the answer, and the log says whose. */
const NO_CREDENTIAL = "none";

/** The services that others run, each under its policy. */
export function openOutside({ config, metrics }: { config: Config; metrics: Metrics }) {
  const secret = (key: keyof Config["secrets"]) => config.secrets[key] ?? NO_CREDENTIAL;
  return {
    tmdb: createTmdb({ baseUrl: config.TMDB_BASE_URL, token: secret("TMDB_TOKEN_FILE"), metrics }),
    plex: createPlex({ baseUrl: config.PLEX_BASE_URL, token: secret("PLEX_TOKEN_FILE"), metrics }),
    youtube: createYoutube({ baseUrl: config.YOUTUBE_BASE_URL, key: secret("YOUTUBE_KEY_FILE"), metrics }),
    overseerr: createOverseerr({ baseUrl: config.OVERSEERR_BASE_URL, key: secret("OVERSEERR_KEY_FILE"), metrics }),
  };
}
