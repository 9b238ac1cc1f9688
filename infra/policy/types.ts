/** A Kubernetes object as a policy sees it: loosely typed, because policies look everywhere. */
export interface Manifest {
  apiVersion?: string;
  kind: string;
  metadata?: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: policies read arbitrary paths of manifests.
  [section: string]: any;
}

/** A resource of a stack, as the program registered it. */
export interface PolicyResource {
  /** Pulumi's type token, for example "kubernetes:apps/v1:Deployment". */
  type: string;
  /** Pulumi's name of the resource. */
  name: string;
  object: Manifest;
  /** Whether Pulumi refuses to delete it. */
  protect: boolean;
  /** Property paths that Pulumi holds as secrets; undefined where that is not known (in the engine's policy host). */
  secretPaths?: readonly string[] | undefined;
}

/** One place that a policy does not accept. */
export interface Finding {
  /** The field, as a path: "spec.template.spec.containers[api].image". */
  where: string;
  /** What is wrong there. */
  problem: string;
}

interface Common {
  /** Kebab case; unique. */
  name: string;
  description: string;
  /** What to write in place of what was found. */
  instead: string;
  /** Mandatory stops an update; advisory is only told. Needs `because` where it is advisory. */
  level: "mandatory" | "advisory";
  /** Why the policy is not mandatory. */
  because?: string;
}

/** Looks at one object at a time. */
export interface ObjectPolicy extends Common {
  check: (resource: PolicyResource) => Finding[];
}

/** Looks at all objects of a stack at once. */
export interface StackPolicy extends Common {
  checkStack: (resources: readonly PolicyResource[]) => (Finding & { resource: PolicyResource })[];
}

export type Policy = ObjectPolicy | StackPolicy;

/** A finding with everything that a person needs to mend it. */
export interface Violation extends Finding {
  policy: string;
  level: Policy["level"];
  /** "Deployment api". */
  resource: string;
  instead: string;
}
