import { kubectl, type Stack, type Target, targetOf } from "../lib/stack.ts";
import { call } from "./http.ts";
import { inPostgres, memberWith } from "./postgres.ts";

/** The outputs of a stack as someone has them who was shown them. */
export interface Leaked extends Target {
  readonly credentials: Readonly<
    Record<"databasePassword" | "devToken" | "postgresPassword" | "redisStatePassword", string>
  >;
}

/** One generated credential, and how it is seen that it is refused. */
export interface CredentialCheck {
  /** Its name in `make rotate`. */
  name: string;
  of(leaked: Leaked): string;
  /** Whether who has only this is refused. */
  isRefused(stack: Stack, leaked: Leaked): Promise<boolean>;
}

/** The credentials that a person can take from the outputs of a stack. */
export const CREDENTIAL_CHECKS: readonly CredentialCheck[] = [
  {
    name: "dev-token",
    of: ({ credentials }) => credentials.devToken,
    async isRefused(stack, { credentials }) {
      const { gatewayUrl, caPem: ca } = await targetOf(stack);
      const headers = { authorization: `Bearer ${credentials.devToken}` };
      return (await call(`${gatewayUrl}/api/v1/requests?limit=1`, { ca, headers })).status === 401;
    },
  },
  {
    name: "certificates",
    of: ({ caPem }) => caPem,
    async isRefused(_stack, { gatewayUrl, caPem: ca }) {
      return call(`${gatewayUrl}/api/v1/requests`, { ca }).then(
        () => false,
        (error: Error) => /certificate|signature/.test(error.message),
      );
    },
  },
  {
    name: "redis-state",
    of: ({ credentials }) => credentials.redisStatePassword,
    async isRefused(stack, { credentials }) {
      // By standard input: arguments are visible in the list of processes.
      const command = [
        "exec",
        "-i",
        "redis-state-0",
        "-c",
        "redis-state",
        "--",
        "sh",
        "-c",
        "read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli ping || true",
      ];
      return !(await kubectl(stack, command, `${credentials.redisStatePassword}\n`)).includes("PONG");
    },
  },
  {
    // The last login stays valid for half an hour: it has an end, and the one that is used has none.
    name: "database",
    of: ({ credentials }) => credentials.databasePassword,
    async isRefused(stack, { credentials }) {
      const suffix = "encode(substr(sha256(:'password'::bytea), 1, 4), 'hex')";
      const query = `select coalesce(rolvaliduntil, 'infinity') < now() + interval '31 minutes' from pg_roles where rolname = 'media_' || ${suffix};`;
      const script = `\\set password '${credentials.databasePassword}'\n${query}\n`;
      const rows = await inPostgres(stack, "primary", ["psql", "-XAtq", "-d", "media"], script);
      return rows.trim() !== "f";
    },
  },
  {
    name: "postgres",
    of: ({ credentials }) => credentials.postgresPassword,
    async isRefused(stack, { credentials }) {
      const command =
        "read -r PGPASSWORD; export PGPASSWORD; psql -XAtq -h postgres -U postgres -d media -c 'select 1'";
      const pod = await memberWith(stack, "primary");
      const exec = ["exec", "-i", pod, "-c", "postgres", "--", "sh", "-c", command];
      return kubectl(stack, exec, `${credentials.postgresPassword}\n`).then(
        () => false,
        (error: Error) => /password authentication failed/.test(error.message),
      );
    },
  },
];
