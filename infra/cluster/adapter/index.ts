import * as pulumi from "@pulumi/pulumi";
import { serverNames } from "../../lib/certificates.ts";
import type { Context } from "../../lib/context.ts";
import { createObject } from "../../lib/objects.ts";
import { Workload } from "../../lib/workload.ts";
import { ADAPTER, adapterPlan, apiServicePlan, authenticationReaderPlan } from "./adapter.plan.ts";

/** prometheus-adapter, and its API in the cluster. */
export class PrometheusAdapter extends pulumi.ComponentResource {
  constructor(ctx: Context, options: pulumi.ComponentResourceOptions = {}) {
    super("media:cluster:PrometheusAdapter", ADAPTER, {}, options);
    const inside = { parent: this, provider: ctx.provider };
    const reader = createObject(`${ADAPTER}-authentication`, authenticationReaderPlan(ctx), inside);
    // It never has to be reached by an address, so that the host is not among its names.
    const names = serverNames(ADAPTER, ctx.namespace, "localhost");
    const plan = adapterPlan(ctx.authority.issue(ADAPTER, names));
    const workload = new Workload(plan, ctx, { parent: this, dependsOn: reader });
    // Made last and removed first: an API without a server holds up the deletion of every namespace.
    const caBundle = ctx.authority.caPem.apply((pem) => Buffer.from(pem).toString("base64"));
    createObject(`${ADAPTER}-api`, apiServicePlan(ctx, caBundle), { ...inside, dependsOn: workload });
    this.registerOutputs({});
  }
}
