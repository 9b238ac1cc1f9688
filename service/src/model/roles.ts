/** Roles that an account can have. */
export const ROLES = ["user", "moderator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export type Permission =
  | "requests:auto-approve"
  | "requests:read-all"
  | "requests:decide"
  | "requests:unlimited"
  | "services:inspect"
  | "users:manage"
  | "errors:manage"
  | "incidents:manage";

const MODERATOR: readonly Permission[] = [
  "requests:auto-approve",
  "requests:read-all",
  "requests:decide",
  "requests:unlimited",
];

/** What each role may do besides what every caller may. No account has the role `dev`: it is the dev token's. */
const PERMISSIONS: Record<Role | "dev", readonly Permission[]> = {
  user: [],
  moderator: MODERATOR,
  admin: [...MODERATOR, "services:inspect", "users:manage", "errors:manage", "incidents:manage"],
  dev: [
    "requests:auto-approve",
    "requests:unlimited",
    "services:inspect",
    "users:manage",
    "errors:manage",
    "incidents:manage",
  ],
};

/** Who calls. */
export interface Identity {
  id: string;
  role: Role | "dev";
  /** What is counted against the rate limit. */
  limitKey: string;
  /** Only where the caller signed in. */
  sessionId?: string;
  /** The session is over: an answer that was given before is all that there is for this caller. */
  ended?: boolean;
  /** When the token runs out, in milliseconds since 1970; one that does not has none. */
  expiresAt?: number;
  /** LSN of the caller's last write (see data/redis/read-your-writes.ts); null for none, undefined where it is not known. */
  lastWriteLsn?: string | null | undefined;
}

export function may({ role }: Identity, permission: Permission): boolean {
  return PERMISSIONS[role].includes(permission);
}
