import type { Metrics } from "../observability/metrics/metrics.ts";
import { createOverseerr, type Overseerr } from "./overseerr.ts";
import { createPlex } from "./plex.ts";
import { createTmdb } from "./tmdb.ts";
import { createYoutube } from "./youtube.ts";

/** A service without a credential is asked all the same: its refusal is then the answer, and the log says whose. */
const NO_CREDENTIAL = "none";

type SecretName = "TMDB_TOKEN_FILE" | "PLEX_TOKEN_FILE" | "YOUTUBE_KEY_FILE" | "OVERSEERR_KEY_FILE";

/** What the clients read of the configuration. */
export interface UpstreamConfig {
  TMDB_BASE_URL: string;
  PLEX_BASE_URL: string;
  YOUTUBE_BASE_URL: string;
  OVERSEERR_BASE_URL: string;
  secrets: Partial<Record<SecretName, string>>;
}

interface UpstreamDeps {
  config: UpstreamConfig;
  metrics: Metrics;
}

/** The services that others run, each under its policy. */
export function openUpstreams(deps: UpstreamDeps) {
  const { config, metrics } = deps;
  const secret = secretsOf(config);
  return {
    tmdb: createTmdb({ baseUrl: config.TMDB_BASE_URL, token: secret("TMDB_TOKEN_FILE"), metrics }),
    plex: createPlex({ baseUrl: config.PLEX_BASE_URL, token: secret("PLEX_TOKEN_FILE"), metrics }),
    youtube: createYoutube({ baseUrl: config.YOUTUBE_BASE_URL, key: secret("YOUTUBE_KEY_FILE"), metrics }),
    overseerr: openOverseerr(deps),
  };
}

/** The only one of them that the worker asks. */
export function openOverseerr({ config, metrics }: UpstreamDeps): Overseerr {
  const key = secretsOf(config)("OVERSEERR_KEY_FILE");
  return createOverseerr({ baseUrl: config.OVERSEERR_BASE_URL, key, metrics });
}

function secretsOf({ secrets }: UpstreamConfig) {
  return (key: SecretName) => secrets[key] ?? NO_CREDENTIAL;
}
