import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type Json, merge, PROJECT } from "../config/load.ts";

export const STACKS = ["base", "dev", "staging", "perf", "prod", "dr"] as const;
export type Stack = (typeof STACKS)[number];

/** Every secret of a rendered stack begins so: where it appears outside a Secret, something leaks. */
export const SECRET_MARK = "SECRET-";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The committed configuration with what a machine adds, as the engine hands it to the program.
 *
 * @param change of what is added
 */
export function configOf(stack: Stack, change: (added: Overlay) => void = () => {}): Record<string, string> {
  const ours = structuredClone(overlay(stack));
  change(ours);
  const { config } = parse(readFileSync(`${root}Pulumi.${stack}.yaml`, "utf8")) as { config: Json };
  const added = Object.fromEntries(Object.entries(ours).map(([key, value]) => [`${PROJECT}:${key}`, value]));
  const asText = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  const merged = merge(config, added as Json) as Record<string, Json>;
  return Object.fromEntries(Object.entries(merged).map(([key, value]) => [key, asText(value)]));
}

/** What the owner of a users' stack adds; the addresses of TMDB and YouTube are committed. */
const upstreams = {
  tmdb: { credential: `${SECRET_MARK}tmdb` },
  plex: { baseUrl: "https://plex.example.com:32400", credential: `${SECRET_MARK}plex` },
  youtube: { credential: `${SECRET_MARK}youtube` },
  overseerr: { baseUrl: "http://overseerr.media.svc:5055", credential: `${SECRET_MARK}overseerr` },
};

/** Where the people of a users' stack are told of alerts. */
const alerts = {
  pagerduty: { routingKey: `${SECRET_MARK}pagerduty-routing`, webhookSecret: `${SECRET_MARK}pagerduty-webhook` },
  slack: {
    critical: `https://hooks.slack.com/services/${SECRET_MARK}critical`,
    alerts: `https://hooks.slack.com/services/${SECRET_MARK}alerts`,
    monitoring: `https://hooks.slack.com/services/${SECRET_MARK}monitoring`,
    signingSecret: `${SECRET_MARK}slack-signing`,
  },
  email: {
    smarthost: "smtp.example.com:587",
    from: "alertmanager@example.com",
    onCall: "on-call@example.com",
    team: "team@example.com",
    username: "alertmanager",
    password: `${SECRET_MARK}smtp`,
  },
  webhook: { url: "https://responder.example.com/alerts", token: `${SECRET_MARK}responder-token` },
};

interface Overlay {
  [section: string]: unknown;
  alerts?: Record<string, Record<string, unknown>>;
}

/** What a machine adds to the committed files: made up, and the same everywhere, so that manifests can be compared. */
function overlay(stack: Stack): Overlay {
  const backups = {
    endpoint: "https://backup-store.media-base:9000",
    bucket: `media-${stack}`,
    caPem: "-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n",
    accessKey: `${SECRET_MARK}access-key`,
    secretKey: `${SECRET_MARK}secret-key`,
    expiry: { accessKey: `${SECRET_MARK}expiry-access-key`, secretKey: `${SECRET_MARK}expiry-secret-key` },
  };
  const digest = `sha256:${"0".repeat(64)}`;
  return {
    kubernetes: { context: "test" },
    // A fixed day: servers' certificates are renewed as time goes by.
    certificates: { asOf: "2026-11-01" },
    images: {
      registry: "registry.example.com/media",
      pinned: {
        service: `registry.example.com/media/service@${digest}`,
        web: `registry.example.com/media/web@${digest}`,
      },
    },
    ...(stack === "base" ? {} : { backups }),
    ...(stack === "prod" || stack === "dr"
      ? {
          app: { upstreams, firstAdmin: "admin@example.com" },
          alerts,
          gateway: { hostname: `${stack}.media.example.com` },
        }
      : {}),
  };
}
