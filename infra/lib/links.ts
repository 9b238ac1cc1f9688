import * as pulumi from "@pulumi/pulumi";
import { realServices } from "../config/outside.ts";
import type { BackupsConfig } from "../config/schema.ts";
import type { Context } from "./context.ts";
import { UserError } from "./errors.ts";
import { brokenLinks, defaultDeny, type LinksContext, policyOf } from "./links.plan.ts";
import { nodeNamespaceOf } from "./naming.ts";
import { createObject } from "./objects.ts";
import type { Manifest } from "./workload.spec.ts";

/** The NetworkPolicies of a stack: made once all layers have declared who connects to whom. */
export class Links extends pulumi.ComponentResource {
  constructor(ctx: Context) {
    super("media:lib:Links", "links", {});
    const problems = brokenLinks(ctx.members);
    if (problems.length > 0)
      throw new UserError([...problems, "Add the layer to `layers`, or drop the link."].join("\n"));
    const links = linksContext(ctx);
    const namespaces = [...new Set(ctx.members.map((member) => member.namespace))].sort();
    const create = (name: string, manifest: unknown, namespace: string) =>
      createObject(name, manifest as Manifest, {
        parent: this,
        provider: ctx.provider,
        dependsOn: ctx.namespaceResource(namespace),
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

/** The stack's own store and the one it is restored from. */
function storesOf({ endpoint, restoreFrom }: BackupsConfig): string[] {
  return [...new Set([endpoint, ...(restoreFrom ? [restoreFrom.endpoint] : [])])];
}

function linksContext({ stack, config }: Context): LinksContext {
  const { backups, app } = config;
  return {
    stack,
    configured: {
      ...(backups ? { "external-backup-store": storesOf(backups) } : {}),
      "outside-services": realServices(app.outside).map(([, url]) => url),
    },
  };
}
