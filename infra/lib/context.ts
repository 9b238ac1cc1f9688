import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/schema.ts";
import { Authority } from "./certificates.ts";
import type { Member } from "./links.plan.ts";
import { createNamespace } from "./namespace.ts";
import { namespaceOf, nodeNamespaceOf } from "./naming.ts";
import { createPassword } from "./secrets.ts";

/** What a layer adds to the stack's outputs. */
export type Outputs = Record<string, pulumi.Input<unknown>>;

/** The configuration that concerns every workload. What concerns one layer is passed to that layer. */
export type SharedConfig = Pick<Config, "access" | "images" | "kubernetes" | "protect">;

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
  readonly #passwords = new Map<string, pulumi.Output<string>>();
  readonly #namespaces = new Map<string, k8s.core.v1.Namespace>();

  constructor(stack: string, config: SharedConfig & Pick<Config, "certificates">) {
    this.stack = stack;
    this.config = config;
    this.namespace = namespaceOf(stack);
    const { context, kubeconfig } = config.kubernetes;
    // Mutable ConfigMaps: those that roll their pods are marked immutable one by one, the others are reloaded in place.
    const mutable = { enableConfigMapMutable: true, enableSecretMutable: true };
    this.provider = new k8s.Provider("cluster", { context, ...(kubeconfig ? { kubeconfig } : {}), ...mutable });
    this.authority = new Authority(stack, config.certificates);
  }

  /** The namespace of agents that read the node: made when the first of them is. */
  get nodeNamespace(): string {
    return nodeNamespaceOf(this.stack);
  }

  /** The namespace as a resource, which everything in it depends on. */
  namespaceResource(name: string): k8s.core.v1.Namespace {
    const known = this.#namespaces.get(name);
    if (known) return known;
    const level = name === this.nodeNamespace ? "privileged" : "restricted";
    const made = createNamespace(name, level, this);
    this.#namespaces.set(name, made);
    return made;
  }

  /** The generated password of that name; the same one at every call. */
  password(name: string): pulumi.Output<string> {
    const known = this.#passwords.get(name) ?? createPassword(`${name}-password`);
    this.#passwords.set(name, known);
    return known;
  }
}
