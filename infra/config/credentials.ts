import { z } from "zod";

/**
 * How a credential follows another.
 *
 * `two`: who checks it accepts both in between. First the new one is accepted everywhere, then it is used, then the old one
 * is refused; each is a `pulumi up` of its own.
 * `login`: each value is a login of its own in PostgreSQL; the last one stays valid for 30 minutes (decision 0024).
 * `place`: one value at a time. Only members of one service use it among themselves, and an open connection stays.
 */
export type Manner = "two" | "login" | "place";

export interface Credential {
  manner: Manner;
  /** Who has it, for people. */
  holder: string;
  /** What is valid while one follows the other, and why no request fails. */
  between: string;
  /** Workloads whose pods are replaced. @default none: mounted files are read again */
  rolls?: readonly string[];
  /** Which stacks generate it: base, which keeps the backup store, all of them, or all but base. @default application */
  of?: "base" | "all";
  /** How long the old one has to stay valid after the new one is in use, in seconds. @default SETTLE_SECONDS */
  keepSeconds?: number;
}

/** Mounted Secrets reach running pods within it: the kubelet looks each minute, and its cache is a minute old at most. */
export const SETTLE_SECONDS = 150;
/** Life of an access token (ACCESS_SECONDS of the service), and the longest that a rollout of its signers takes. */
const TOKEN_SECONDS = 900 + 60;

const APP = ["api", "worker"];
const MEMBERS = "the members' open connections stay; each member reads the new one from its mounted file";

/** Every generated credential that `make rotate` replaces, by the name of its resource. */
export const CREDENTIALS = {
  database: {
    manner: "login",
    holder: "the application's login at PostgreSQL, which may read and write",
    between: "two logins; PgBouncer looks up the one that its file does not name, and new pods wait for theirs",
    rolls: [...APP, "responder", "pgbouncer"],
  },
  postgres: { manner: "place", holder: "PostgreSQL's superuser, for rewinds", between: MEMBERS },
  "postgres-replication": { manner: "place", holder: "PostgreSQL's standbys", between: MEMBERS },
  "postgres-pooler": {
    manner: "place",
    holder: "PgBouncer's look-up of logins",
    between: "the login that pods use is in PgBouncer's file, so that nothing is looked up meanwhile",
    rolls: ["pgbouncer"],
  },
  "postgres-responder": {
    manner: "place",
    holder: "the responder, which reads and ends sessions of PostgreSQL and owns nothing",
    between: "the responder asks again until PostgreSQL has it; users' requests do not pass it",
    rolls: ["responder"],
  },
  patroni: { manner: "place", holder: "Patroni's REST API", between: "the watcher tries the new one and the last one" },
  "redis-cache": {
    manner: "two",
    holder: "clients of the cache Redis",
    between: "Redis accepts both for its one user, and takes changes over while it runs",
    rolls: [...APP, "responder"],
  },
  "redis-state": {
    manner: "two",
    holder: "clients, members and Sentinels of the state Redis",
    between: "members and Sentinels accept both for their one user, and take changes over while they run",
    rolls: [...APP, "responder"],
  },
  "token-key": {
    manner: "two",
    holder: "the signature of access tokens",
    between:
      "tokens of either key are accepted, until the last one of the old key has expired; people sign in to the operators' pages again",
    rolls: ["api", "responder"],
    keepSeconds: TOKEN_SECONDS,
  },
  "dev-token": {
    manner: "two",
    holder: "the developer's token, where the stack has one",
    between: "both are accepted",
    rolls: ["api", "responder"],
  },
  "payment-webhook-key": {
    manner: "two",
    holder: "the payment provider's signature, where none is configured",
    between: "either signature is accepted; give the provider the new one when the command says so",
    rolls: ["api"],
  },
  "responder-webhook": {
    manner: "two",
    holder: "Alertmanager, to the responder",
    between: "the responder accepts both",
    rolls: ["responder", "alertmanager"],
  },
  "alert-webhook": {
    manner: "two",
    holder: "Alertmanager, to the sink of the doubles",
    between: "the sink accepts both",
    rolls: ["doubles", "alertmanager"],
  },
  "grafana-admin": {
    manner: "place",
    holder: "Grafana's local administrator, where Grafana runs",
    between: "a person signs in again",
    rolls: ["grafana"],
  },
  "tmdb-credential": double("TMDB", ["api", "prober"]),
  "plex-credential": double("Plex", ["api", "prober"]),
  "youtube-credential": double("YouTube", ["api", "prober"]),
  "overseerr-credential": double("Overseerr", [...APP, "prober"]),
  certificates: {
    manner: "two",
    of: "all",
    holder:
      "the key of the stack's authority, and with it the certificate of its gateway or, in base, of the backup store",
    between: "the output caPem has both authorities; clients take it before the new one is used",
    rolls: ["backup-store"],
  },
  "backup-store": {
    manner: "two",
    of: "base",
    holder: "the S3 keys of all stacks at the embedded backup store",
    between: "the store accepts both pairs; pgBackRest reads its keys at each call",
    rolls: ["backup-store"],
  },
  "backup-store-root": {
    manner: "place",
    of: "base",
    holder: "the embedded backup store's administrator, in its own pod alone",
    between: "nothing else uses it",
    rolls: ["backup-store"],
  },
} as const satisfies Record<string, Credential>;

export type CredentialName = keyof typeof CREDENTIALS;
export const credentialNames = Object.keys(CREDENTIALS) as CredentialName[];
export const credential = (name: CredentialName): Credential => CREDENTIALS[name];

/** What `make rotate` replaces in this stack. */
export function credentialsOf(stack: string): CredentialName[] {
  const here = stack === "base" ? "base" : undefined;
  return credentialNames.filter((name) => [here, "all"].includes(credential(name).of));
}

/** Generated, and not replaced by `make rotate`; why. */
export const NOT_ROTATED = {
  "first-admin": "the account is a person's: they change its password on their page",
  "backups, backup-store-<stack>-cipher":
    "what lies in the backup store is encrypted by it: a new key needs a new bucket (docs/recovery.md)",
} as const;

function double(name: string, rolls: readonly string[]) {
  return {
    manner: "place",
    holder: `${name}'s double, where none is configured`,
    between: "the double takes any",
    rolls,
  } as const;
}

const generation = z.strictObject({
  /** Which value of it there is; a higher number makes a new one. @default 1 */
  generation: z.int().min(1).default(1),
  /** The next generation is accepted, or accepted and used. @default neither: this one alone */
  next: z.enum(["accepted", "used"]).optional(),
});

/** Which generation of each credential is valid and which is used. @default the first of each */
export const credentialsSection = z.partialRecord(z.enum(credentialNames), generation);
export const FIRST: Generation = { generation: 1 };
export type Generation = z.output<typeof generation>;
export type Generations = z.output<typeof credentialsSection>;

/** The generation that is used, and all that are accepted, that one first. */
export function validOf({ generation, next }: Generation): { used: number; accepted: number[] } {
  if (next === undefined) return { used: generation, accepted: [generation] };
  const [used, other] = next === "used" ? [generation + 1, generation] : [generation, generation + 1];
  return { used, accepted: [used, other] };
}
