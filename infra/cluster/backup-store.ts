import * as pulumi from "@pulumi/pulumi";
import { FIRST, validOf } from "../config/credentials.ts";
import { serverNames } from "../lib/certificates.ts";
import type { Context } from "../lib/context.ts";
import { portOf } from "../lib/endpoints.ts";
import { createPassword, generate } from "../lib/secrets.ts";
import { Workload } from "../lib/workload.ts";
import { backupStorePlan, type KeyPair, REGION, type Tenant, tenantOf, usersFile } from "./backup-store.plan.ts";

/** The `backups` section of a tenant's configuration. */
export interface BackupsOfTenant extends Keys {
  endpoint: string;
  region: string;
  caPem: string;
}

export interface BackupStoreSizes {
  /** Stacks that keep their backups here. */
  tenants: readonly string[];
  /** Size of one tenant's database volume, in GiB. */
  volumeGi: number;
}

/** The S3 store that outlives every application stack: one bucket and one pair of keys for each. */
export class BackupStore extends pulumi.ComponentResource {
  /** What each tenant's configuration needs, by stack. Secret. */
  readonly tenants: pulumi.Output<Record<string, BackupsOfTenant>>;

  constructor(name: string, ctx: Context, args: BackupStoreSizes, options: pulumi.ComponentResourceOptions = {}) {
    super("media:cluster:BackupStore", name, {}, options);
    const stacks = [...args.tenants].sort();
    const { "backup-store": generation = FIRST, "backup-store-root": root = FIRST } = ctx.config.credentials;
    const tenants = stacks.map((stack) => {
      const { accepted: numbers } = validOf(generation);
      const secretKeys = (resource: string) => {
        const { accepted } = generate(resource, generation, createPassword);
        return numbers.map((number, index) => [number, accepted[index] ?? ""] as const);
      };
      return tenantOf(stack, {
        keys: secretKeys(`${name}-${stack}`),
        expiry: secretKeys(`${name}-${stack}-expiry`),
        cipherPass: createPassword(`${name}-${stack}-cipher`),
      });
    });
    const names = serverNames(name, ctx.namespace, ctx.config.access.host);
    const workload = backupStorePlan({
      tenants,
      users: pulumi.secret(
        pulumi.output(tenants.flatMap(({ keys, expiry }) => [...keys, ...expiry])).apply((pairs) => usersFile(pairs)),
      ),
      rootSecret: generate(`${name}-root`, root, createPassword).used,
      ...ctx.authority.issue(name, names),
      volumeGi: args.volumeGi * 2 * Math.max(1, stacks.length),
    });
    new Workload(workload, ctx, { parent: this });
    const endpoint = `https://${name}.${ctx.namespace}:${portOf("backup-store", "s3")}`;
    this.tenants = pulumi.secret(
      pulumi.all([ctx.authority.caPem, pulumi.all(tenants.map(keysOf))]).apply(([caPem, pairs]) => {
        const sections = pairs.map((pair, index) => [stacks[index], { endpoint, region: REGION, caPem, ...pair }]);
        return Object.fromEntries(sections) as Record<string, BackupsOfTenant>;
      }),
    );
    this.registerOutputs({ tenants: this.tenants });
  }
}

interface Keys {
  bucket: string;
  accessKey: string;
  secretKey: string;
  cipherPass: string;
  /** May delete, which the other pair may not. */
  expiry: { accessKey: string; secretKey: string };
}

/** The pairs that are used. */
function keysOf({ bucket, keys, expiry, cipherPass }: Tenant): pulumi.Output<Keys> {
  const [pair, deleting] = [keys[0] as KeyPair, expiry[0] as KeyPair];
  return pulumi.output({ bucket, ...pair, cipherPass, expiry: deleting });
}
