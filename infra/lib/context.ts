import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type CredentialName, FIRST, type Generation } from "../config/credentials.ts";
import type { Config } from "../config/schema.ts";
import { Authority } from "./certificates.ts";
import { Images } from "./image-builds.ts";
import type { ImageName } from "./images.ts";
import type { Member } from "./links.plan.ts";
import { createNamespace } from "./namespace.ts";
import { namespaceOf, nodeNamespaceOf } from "./naming.ts";
import { createObject } from "./objects.ts";
import { type Priority, priorityClassPlan } from "./priority.plan.ts";
import { PULL_SECRET, pullSecretPlan } from "./pull-secret.plan.ts";
import { createPassword, type Generated, generate } from "./secrets.ts";

/** What a layer adds to the stack's outputs. */
export type Outputs = Record<string, pulumi.Input<unknown>>;

/** The configuration that concerns every workload. What concerns one layer is passed to that layer. */
export type SharedConfig = Pick<
  Config,
  "access" | "credentials" | "gateway" | "images" | "kubernetes" | "protect" | "quota"
>;

/** Passwords that are generated once. */
type NotRotated = "backups" | "first-admin";

/** What every component of a stack shares. Made once by the program, handed to each layer. */
export class Context {
  readonly stack: string;
  readonly config: SharedConfig;
  /** The namespace of the stack's workloads: it enforces the restricted pod security standard. */
  readonly namespace: string;
  readonly provider: k8s.Provider;
  /** The stack's own certificate authority. */
  readonly authority: Authority;
  /** Every workload that was built, with its declared links: NetworkPolicies are made from it at the end. */
  readonly members: Member[] = [];
  readonly #namespaces = new Map<string, pulumi.Resource[]>();
  readonly #generated = new Map<string, Generated>();
  readonly #shared = new Map<string, pulumi.Resource>();
  readonly #images: Images;

  constructor(stack: string, config: SharedConfig & Pick<Config, "certificates">) {
    this.stack = stack;
    this.config = config;
    this.namespace = namespaceOf(stack);
    const { context, kubeconfig } = config.kubernetes;
    // Mutable ConfigMaps: those that roll their pods are marked immutable one by one, the others are reloaded in place.
    const mutable = { enableConfigMapMutable: true, enableSecretMutable: true };
    this.provider = new k8s.Provider("cluster", { context, ...(kubeconfig ? { kubeconfig } : {}), ...mutable });
    this.#images = new Images(config.images);
    this.authority = new Authority(stack, config.certificates, config.credentials.certificates);
  }

  /** The namespace of agents that read the node: made when the first of them is. */
  get nodeNamespace(): string {
    return nodeNamespaceOf(this.stack);
  }

  /** The namespace and its limits as resources, which everything in it depends on. */
  namespaceResources(name: string): pulumi.Resource[] {
    const known = this.#namespaces.get(name);
    if (known) return known;
    const level = name === this.nodeNamespace ? "privileged" : "restricted";
    const made = createNamespace(name, level, this);
    this.#namespaces.set(name, made);
    return made;
  }

  /** The class of a priority, made when the first workload needs it. */
  priorityClass(priority: Priority): pulumi.Resource {
    return this.#once(`priority-${priority}`, (name) =>
      createObject(name, priorityClassPlan(this.stack, priority), { provider: this.provider }),
    );
  }

  /** The Secret with the registries' credentials in a namespace; none where the configuration has none. */
  pullSecret(namespace: string): pulumi.Resource[] {
    const { credentials } = this.config.images;
    if (Object.keys(credentials).length === 0) return [];
    const suffix = namespace === this.nodeNamespace ? "-node" : "";
    const made = this.#once(`${PULL_SECRET}${suffix}`, (name) =>
      createObject(name, pullSecretPlan(this.stack, namespace, credentials), {
        provider: this.provider,
        dependsOn: this.namespaceResources(namespace),
      }),
    );
    return [made];
  }

  /** The reference of a third-party image. */
  image(name: ImageName): pulumi.Input<string> {
    return this.#images.reference(name);
  }

  #once(name: string, make: (name: string) => pulumi.Resource): pulumi.Resource {
    const known = this.#shared.get(name) ?? make(name);
    this.#shared.set(name, known);
    return known;
  }

  /** The generated password of that name: the one that is used; the same one at every call. */
  password(name: CredentialName | NotRotated): pulumi.Output<string> {
    return this.generated(name).used;
  }

  /** Its values that are valid now. */
  generated(name: CredentialName | NotRotated): Generated {
    const generations: Partial<Record<string, Generation>> = this.config.credentials;
    const known = this.#generated.get(name) ?? generate(`${name}-password`, generations[name] ?? FIRST, createPassword);
    this.#generated.set(name, known);
    return known;
  }
}
