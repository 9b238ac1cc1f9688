import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { resourceUrl } from "./access.ts";
import type { Context } from "./context.ts";
import type { ServiceName, ServicePort } from "./endpoints.ts";
import { type Endpoint, endpointOf } from "./handles.ts";
import { catalogue } from "./images.ts";
import { isNodeAgent, leftAlone } from "./kinds.ts";
import { memberOf } from "./links.plan.ts";
import { createObject, type KubernetesObject } from "./objects.ts";
import type { PlanContext } from "./pod.plan.ts";
import { priorityOf } from "./priority.plan.ts";
import { PULL_SECRET } from "./pull-secret.plan.ts";
import { Transforms } from "./transforms.ts";
import { planWorkload } from "./workload.plan.ts";
import type { Manifest, WorkloadSpec } from "./workload.types.ts";

/** The one way to run a container: the same hardening, probes, drain, labels and spread for everything. */
export class Workload extends pulumi.ComponentResource {
  /** The Deployment, StatefulSet, DaemonSet, Job or CronJob: depend on it to wait until it is ready. */
  readonly controller: KubernetesObject;
  /** Its Services by name. */
  readonly services: Partial<Record<ServiceName, k8s.core.v1.Service>> = {};
  readonly #ctx: Context;
  readonly #spec: WorkloadSpec;
  readonly #transforms: Transforms;
  readonly #namespace: string;
  /** What its pods name, besides what it makes itself. */
  readonly #needed: pulumi.Resource[];

  constructor(spec: WorkloadSpec, ctx: Context, options: pulumi.ComponentResourceOptions = {}) {
    super("media:lib:Workload", spec.name, {}, options);
    this.#ctx = ctx;
    this.#spec = spec;
    this.#transforms = new Transforms(spec);
    this.#namespace = isNodeAgent(spec) ? ctx.nodeNamespace : ctx.namespace;
    const priority = priorityOf(spec.component);
    this.#needed = [...(priority ? [ctx.priorityClass(priority)] : []), ...ctx.pullSecret(this.#namespace)];
    const plan = planWorkload(spec, planContext(ctx, this.#namespace));

    const account = this.#create(spec.name, plan.serviceAccount);
    const rbac = plan.rbac.map((manifest) => this.#create(`${spec.name}-${manifest.kind.toLowerCase()}`, manifest));
    const parts = Object.entries(plan.files).map(([part, manifest]) => {
      return [part, this.#create(`${spec.name}-${part}`, manifest).metadata.name] as const;
    });
    const claims = Object.entries(plan.claims).map(([part, manifest]) => {
      const protect = plan.retained.has(part) || ctx.config.protect;
      return this.#create(`${spec.name}-${part}`, manifest, { protect });
    });
    const services = plan.services.map((manifest) => this.#service(manifest));
    const timeout = `${ctx.config.kubernetes.readySeconds ?? spec.timeoutSeconds ?? 300}s`;
    this.controller = this.#create(spec.name, plan.controller(Object.fromEntries(parts)), {
      // Services first: a pod that starts finds its peers' names.
      dependsOn: [account, ...rbac, ...claims, ...services],
      customTimeouts: { create: timeout, update: timeout },
      ignoreChanges: leftAlone(spec),
    });
    for (const manifest of [...plan.disruptionBudgets, ...plan.autoscalers]) this.#create(spec.name, manifest);
    this.#transforms.checkKeys();
    ctx.members.push(memberOf(spec, this.#namespace));
    this.registerOutputs({});
  }

  /** How other workloads of the stack connect to it. */
  endpoint(link: ServicePort): Endpoint {
    return endpointOf(this.#spec.name, link, [this]);
  }

  /** Where people reach an exposed service from outside the cluster. */
  url(name: ServiceName): pulumi.Output<string> {
    const service = this.services[name];
    if (!service) throw new Error(`${this.#spec.name} has no service ${name}`);
    return resourceUrl(name, service, this.#ctx);
  }

  #service(manifest: Manifest): KubernetesObject {
    const name = manifest.metadata.name as ServiceName;
    const service = this.#create(name, manifest);
    this.services[name] = service as k8s.core.v1.Service;
    return service;
  }

  #create(name: string, manifest: Manifest, options: pulumi.CustomResourceOptions = {}): KubernetesObject {
    return createObject(name, this.#transforms.apply(name, manifest), {
      parent: this,
      provider: this.#ctx.provider,
      ...options,
      dependsOn: [
        ...this.#ctx.namespaceResources(this.#namespace),
        ...this.#needed,
        ...([options.dependsOn ?? []].flat() as pulumi.Resource[]),
      ],
    });
  }
}

function planContext(ctx: Context, namespace: string): PlanContext {
  return {
    stack: ctx.stack,
    namespace,
    access: ctx.config.access,
    publicService: ctx.config.gateway,
    pullSecret: ctx.pullSecret(namespace).length > 0 ? PULL_SECRET : undefined,
    storageClass: ctx.config.kubernetes.storageClass,
    protect: ctx.config.protect,
    image: (image) => {
      if (typeof image !== "string") return image;
      return { reference: ctx.image(image), version: catalogue[image].version };
    },
  };
}
