import type { Props } from "./values.ts";

/** Which resource a request is about; `type` and `name` are read from the URN. */
export interface Target {
  urn: string;
  type: string;
  name: string;
}

export interface CheckRequest extends Target {
  /** The inputs of the last deployment; undefined for a new resource and for a replacement. */
  olds: Props | undefined;
  news: Props;
  randomSeed: Uint8Array;
  /** The engine's proposal when the stack configures autonaming. */
  autonaming?: { proposedName: string; mode: "propose" | "enforce" | "disable" };
}

export interface CheckResult {
  inputs: Props;
  failures?: CheckFailure[];
}

export interface CheckFailure {
  property: string;
  reason: string;
}

export type DiffKind = "add" | "delete" | "update";
export interface PropertyDiff {
  kind: DiffKind;
  replace?: boolean;
  /** Whether the paths compare old inputs with new inputs rather than old state with new inputs. */
  inputDiff?: boolean;
}

export interface DiffRequest extends Target {
  id: string;
  olds: Props;
  news: Props;
  oldInputs: Props;
  ignoreChanges: string[];
}

export interface DiffResult {
  changes: boolean;
  /** Changed paths such as `spec.template.spec.containers[0].image`. */
  detailed: { [path: string]: PropertyDiff };
  deleteBeforeReplace?: boolean;
}

export interface CreateRequest extends Target {
  properties: Props;
  /** Seconds of the resource's customTimeouts; 0 when it sets none. */
  timeout: number;
  preview: boolean;
}

export interface CreateResult {
  id: string;
  properties: Props;
}

export interface ReadRequest extends Target {
  id: string;
  properties: Props;
  inputs: Props;
}

/** An undefined id says that the resource is gone. */
export interface ReadResult {
  id?: string;
  properties?: Props;
  inputs?: Props;
}

export interface UpdateRequest extends Target {
  id: string;
  olds: Props;
  news: Props;
  oldInputs: Props;
  timeout: number;
  ignoreChanges: string[];
  preview: boolean;
}

export interface DeleteRequest extends Target {
  id: string;
  properties: Props;
  timeout: number;
}

/** What a plugin implements; the server answers everything around it. */
export interface Provider {
  readonly name: string;
  /** The version of the SDK whose schema this plugin follows. */
  readonly version: string;
  checkConfig?(request: CheckRequest): Promise<CheckResult>;
  diffConfig?(request: DiffRequest): Promise<DiffResult>;
  /** `variables` are strings keyed `<plugin>:config:<key>`. */
  configure(variables: Map<string, string>): Promise<void>;
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  read(request: ReadRequest): Promise<ReadResult>;
  update(request: UpdateRequest): Promise<Props>;
  delete(request: DeleteRequest): Promise<void>;
  invoke?(token: string, args: Props): Promise<Props>;
  /** Ends what is under way as soon as it can, keeping the state of what exists. */
  cancel?(): void;
}

/** An error that a person can mend: shown as it stands, without a stack trace. */
export class UserError extends Error {}

/** The resource exists but did not become ready: its state is saved and the step fails. */
export class InitFailed extends Error {
  readonly id: string;
  readonly properties: Props;
  readonly reasons: string[];
  readonly inputs: Props | undefined;

  constructor(message: string, state: { id: string; properties: Props; reasons: string[]; inputs?: Props }) {
    super(message);
    this.id = state.id;
    this.properties = state.properties;
    this.reasons = state.reasons;
    this.inputs = state.inputs;
  }
}

/** `urn:pulumi:<stack>::<project>::<parent>$<type>::<name>`; the name may hold `::`. */
export function targetOf(urn: string): Target {
  const parts = urn.split("::");
  return { urn, type: parts[2]?.split("$").pop() ?? "", name: parts.slice(3).join("::") };
}
