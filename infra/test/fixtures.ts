import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { PROJECT } from "../config/load.ts";

export const STACKS = ["base", "dev", "staging", "perf", "prod", "dr"] as const;
export type Stack = (typeof STACKS)[number];

/** Every secret of a rendered stack begins so: where it appears outside a Secret, something leaks. */
export const SECRET_MARK = "SECRET-";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The committed configuration, as the engine hands it to the program. */
export function committedConfig(stack: Stack): Record<string, string> {
  const { config } = parse(readFileSync(`${root}Pulumi.${stack}.yaml`, "utf8")) as { config: Record<string, unknown> };
  const asText = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, asText(value)]));
}

/** What only the people of a users' stack know; TMDB and YouTube are where everybody finds them. */
const upstreams = {
  tmdb: { credential: `${SECRET_MARK}tmdb` },
  plex: { baseUrl: "https://plex.example.com:32400", credential: `${SECRET_MARK}plex` },
  youtube: { credential: `${SECRET_MARK}youtube` },
  overseerr: { baseUrl: "http://overseerr.media.svc:5055", credential: `${SECRET_MARK}overseerr` },
};

/** Where the people of a users' stack are told of alerts. */
const alerts = {
  pagerduty: { routingKey: `${SECRET_MARK}pagerduty-routing` },
  slack: {
    critical: `https://hooks.slack.com/services/${SECRET_MARK}critical`,
    alerts: `https://hooks.slack.com/services/${SECRET_MARK}alerts`,
    monitoring: `https://hooks.slack.com/services/${SECRET_MARK}monitoring`,
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

/** What a machine adds to the committed files: made up, and the same everywhere, so that manifests can be compared. */
export function overlay(stack: Stack): Record<string, unknown> {
  const backups = {
    endpoint: "https://backup-store.media-base:9000",
    bucket: `media-${stack}`,
    caPem: "-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n",
    accessKey: `${SECRET_MARK}access-key`,
    secretKey: `${SECRET_MARK}secret-key`,
  };
  const digest = `sha256:${"0".repeat(64)}`;
  return {
    kubernetes: { context: "test" },
    images: {
      registry: "registry.example.com/media",
      pinned: { service: `registry.example.com/media/service@${digest}` },
    },
    ...(stack === "base" ? {} : { backups }),
    ...(stack === "prod" || stack === "dr" ? { app: { upstreams }, alerts } : {}),
  };
}

export { PROJECT };
