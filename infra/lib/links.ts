import * as pulumi from "@pulumi/pulumi";
import { placesOf } from "../config/receivers.ts";
import type { BackupsConfig, Config } from "../config/schema.ts";
import { realUpstreams } from "../config/upstreams.ts";
import type { Context } from "./context.ts";
import { UserError } from "./errors.ts";
import { brokenLinks, defaultDeny, type LinksContext, policyOf } from "./links.plan.ts";
import { nodeNamespaceOf } from "./naming.ts";
import { createObject } from "./objects.ts";
import type { Manifest } from "./workload.types.ts";

/** The NetworkPolicies of a stack: made after all layers have declared their links. */
export class Links extends pulumi.ComponentResource {
  constructor(ctx: Context, configured: LinksContext["configured"]) {
    super("media:lib:Links", "links", {});
    const problems = brokenLinks(ctx.members);
    if (problems.length > 0)
      throw new UserError([...problems, "Add the layer to `layers`, or drop the link."].join("\n"));
    const links = { stack: ctx.stack, access: ctx.config.access, configured };
    const namespaces = [...new Set(ctx.members.map((member) => member.namespace))].sort();
    const create = (name: string, manifest: unknown, namespace: string) =>
      createObject(name, manifest as Manifest, {
        parent: this,
        provider: ctx.provider,
        dependsOn: ctx.namespaceResources(namespace),
      });
    for (const namespace of namespaces) {
      const suffix = namespace === nodeNamespaceOf(ctx.stack) ? "-node" : "";
      create(`links-default-deny${suffix}`, defaultDeny(ctx.stack, namespace), namespace);
    }
    for (const member of ctx.members) {
      create(`links-${member.name}`, policyOf(member, ctx.members, links), member.namespace);
    }
    this.registerOutputs({});
  }
}

/** The stack's own store and the one it is restored from, or follows. */
function storesOf({ endpoint, restoreFrom }: BackupsConfig): string[] {
  return [...new Set([endpoint, ...(restoreFrom ? [restoreFrom.endpoint] : [])])];
}

/** Addresses of what the configuration names. */
export function configuredAddresses({
  alerts,
  auth,
  backups,
  app,
  grafana,
}: Pick<Config, "alerts" | "auth" | "backups" | "app" | "grafana">): LinksContext["configured"] {
  return {
    ...(backups ? { "external-backup-store": storesOf(backups) } : {}),
    ...(grafana.otherPrometheusUrl ? { "other-prometheus": [grafana.otherPrometheusUrl] } : {}),
    ...(auth.oidc ? { "identity-provider": [auth.oidc.issuer] } : {}),
    "alert-receivers": placesOf(alerts).outside,
    upstreams: realUpstreams(app.upstreams).map(([, url]) => url),
  };
}
