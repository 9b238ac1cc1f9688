/** A resource as the program registered it with the engine mocked. */
export interface Rendered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  protect: boolean;
  /** Property paths that are secret. */
  secretPaths: string[];
  /** Property paths that the engine leaves as they are; `[*]` stands for any entry of a list. @default none */
  ignoreChanges?: string[];
}

/** A stack of one tree: rendered, or why it could not be. */
export type StackRendering = { stack: string; resources: Rendered[] } | { stack: string; problem: string };

export interface PropertyChange {
  /** "spec.template.spec.containers[api].image"; list entries with a name go by it. */
  path: string;
  before?: unknown;
  after?: unknown;
  /** The object is made anew because of it. */
  replaces: boolean;
}

export type Action = "create" | "update" | "replace" | "delete";

export interface ResourceChange {
  stack: string;
  type: string;
  /** "Deployment api". */
  title: string;
  /** "Deployment/api": what a confirmation names. */
  id: string;
  action: Action;
  properties: PropertyChange[];
  /** For replacements: which comes first. Two objects of one name cannot be there at once. */
  order?: "new first" | "old first";
  /** What is lost or at risk, where the resource holds state and is replaced or deleted. */
  stateful?: string;
  /** The stack file confirms the loss. */
  confirmed?: boolean;
  /** Pods that roll, and why. */
  restart?: Restart;
}

export interface Restart {
  pods: number;
  /** Its pods hold data: they go one after the other. */
  stateful: boolean;
  why: string[];
}
