import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Environment, environment } from "./environment.ts";

/** The processes this one package can run as. */
export const PROCESSES = ["api", "worker", "doubles", "migrate", "prober", "responder", "apply-payments"] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** A mistake in the configuration: printed without a stack trace, exit 2. */
export class ConfigError extends Error {}

type SecretKey = Extract<keyof Environment, `${string}_FILE`>;

interface SecretUse {
  /** Processes that cannot do without it. */
  neededBy: readonly ProcessName[];
  /** Processes that read it if it is given. */
  readBy: readonly ProcessName[];
  /** What it must look like; the message never repeats what it does look like. */
  form?: { fits(secret: string): boolean; message: string };
}

const WEBHOOK_KEYS = {
  fits: (secret: string) => /^\S{16,}(\s+\S{16,})?$/.test(secret),
  message: "must hold one key or two, each of 16 characters or more",
};
const LONG = {
  fits: (secret: string) => /^\S{16,}$/.test(secret),
  message: "must hold 16 characters or more, without spaces",
};
const TOKENS = {
  fits: WEBHOOK_KEYS.fits,
  message: "must hold one token or two, each of 16 characters or more",
};
const SMTP = {
  fits: (secret: string) => z.url({ protocol: /^smtps?$/ }).safeParse(secret).success,
  message: "must hold smtp://… or smtps://…",
};
const ADMIN = {
  // What signing in would refuse could never be used.
  fits: (secret: string) => {
    const [, email] = /^([^:]+):.{10,200}$/.exec(secret) ?? [];
    return z.email().max(254).safeParse(email).success;
  },
  message: "must hold address:password, with 10 characters or more",
};

/** Which process reads which secret, and what it must look like. */
const SECRETS: Record<SecretKey, SecretUse> = {
  PGPASSWORD_FILE: { neededBy: ["api", "worker", "migrate", "responder", "apply-payments"], readBy: [] },
  REDIS_CACHE_PASSWORD_FILE: { neededBy: [], readBy: ["api", "worker", "responder"] },
  REDIS_STATE_PASSWORD_FILE: { neededBy: [], readBy: ["api", "worker", "responder"] },
  REDIS_SENTINEL_PASSWORD_FILE: { neededBy: [], readBy: ["api", "worker", "responder"] },
  TMDB_TOKEN_FILE: { neededBy: ["api"], readBy: ["doubles", "prober"] },
  DEV_TOKEN_FILE: { neededBy: [], readBy: ["api", "responder"] },
  PLEX_TOKEN_FILE: { neededBy: [], readBy: ["api", "prober"] },
  YOUTUBE_KEY_FILE: { neededBy: [], readBy: ["api", "prober"] },
  OVERSEERR_KEY_FILE: { neededBy: [], readBy: ["api", "worker", "prober"] },
  TOKEN_KEY_FILE: { neededBy: [], readBy: ["api", "responder"] },
  RESPONDER_WEBHOOK_TOKEN_FILE: { neededBy: ["responder"], readBy: [], form: TOKENS },
  PAGERDUTY_KEY_FILE: { neededBy: [], readBy: ["responder"], form: LONG },
  PAGERDUTY_WEBHOOK_SECRET_FILE: { neededBy: [], readBy: ["responder"], form: LONG },
  SLACK_SIGNING_SECRET_FILE: { neededBy: [], readBy: ["responder"], form: LONG },
  OIDC_CLIENT_SECRET_FILE: { neededBy: [], readBy: ["responder"] },
  OPERATIONS_PASSWORD_FILE: { neededBy: ["responder"], readBy: [] },
  ALERT_WEBHOOK_TOKEN_FILE: { neededBy: [], readBy: ["doubles"] },
  PAYMENT_WEBHOOK_KEY_FILE: { neededBy: [], readBy: ["api"], form: WEBHOOK_KEYS },
  FIRST_ADMIN_FILE: { neededBy: [], readBy: ["api", "migrate"], form: ADMIN },
  SMTP_URL_FILE: { neededBy: [], readBy: ["api"], form: SMTP },
};

export interface Config extends Omit<Environment, SecretKey> {
  process: ProcessName;
  /** Contents of the secret files, by the key that named the file. */
  secrets: Partial<Record<SecretKey, string>>;
}

/** Reads and checks everything once; throws one ConfigError that lists every problem. */
export function loadConfig(process: ProcessName, env: Record<string, string | undefined>): Config {
  const parsed = environment.safeParse(withoutEmpty(env));
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => describe(String(issue.path[0]), issue.message));
  const secrets: Config["secrets"] = {};
  for (const [key, { neededBy, readBy }] of Object.entries(SECRETS) as [SecretKey, (typeof SECRETS)[SecretKey]][]) {
    const needed = neededBy.includes(process);
    const file = env[key];
    if (file && (needed || readBy.includes(process))) readSecret(key, file, secrets, problems);
    else if (needed) problems.push(describe(key, `is missing, and ${process} needs it`));
  }
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(`The environment of the process "${process}" is not usable:\n${problems.join("\n")}`);
  }
  return Object.freeze({ ...parsed.data, process, secrets });
}

/** Kubernetes and shells hand over an unset variable as an empty one. */
function withoutEmpty(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

function readSecret(key: SecretKey, file: string, into: Config["secrets"], problems: string[]): void {
  try {
    const secret = readFileSync(file, "utf8").trim();
    const { form } = SECRETS[key];
    if (secret === "") problems.push(describe(key, `names ${file}, which is empty`));
    else if (form && !form.fits(secret)) problems.push(describe(key, `names ${file}, which ${form.message}`));
    else into[key] = secret;
  } catch (error) {
    problems.push(describe(key, `names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`));
  }
}

function describe(key: string, problem: string): string {
  const example = environment.shape[key as keyof Environment]?.meta()?.example;
  return `  ${key}: ${problem}${example === undefined ? "" : `; for example ${key}=${String(example)}`}`;
}
