import { UserError } from "./errors.ts";
import { CommandError, run } from "./run.ts";

/** The outputs of a stack's program that drills use. */
export interface Outputs {
  /** The API, https. */
  readonly gatewayUrl: string;
  readonly prometheusUrl: string;
  readonly lokiUrl: string;
  readonly jaegerUrl: string;
  readonly alertmanagerUrl: string;
  readonly pushgatewayUrl: string;
  /** Certificate authority of the gateway, PEM. */
  readonly caPem: string;
  readonly credentials: { readonly devToken: string };
}

/** Names a cluster to kubectl. */
export interface Kubeconfig {
  /** Path of the file. @default the variable KUBECONFIG, then ~/.kube/config */
  readonly file?: string;
  /** Context in it. @default the current one */
  readonly context?: string;
}

/** A stack that runs on a cluster, and how it is reached. */
export interface Stack {
  readonly name: string;
  readonly namespace: string;
  readonly kubeconfig: Kubeconfig;
  /** Reads the outputs of the stack's program, or undefined while it has none. A recreated stack has new ones. */
  readonly outputs: () => Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** The namespace of a stack, where none is given. */
export const namespaceOf = (stackName: string) => `media-${stackName}`;

/** A stack with its outputs: the way in for users. */
export interface Target extends Outputs {
  readonly stack: Stack;
}

/** Reads the addresses and credentials of a stack. */
export async function targetOf(stack: Stack): Promise<Target> {
  const found = await stack.outputs();
  if (!found?.gatewayUrl)
    throw new UserError(
      `stack ${stack.name} has no output gatewayUrl: it is not up`,
      `bring it up (make up STACK=${stack.name}, or pulumi up), or name another file of outputs`,
    );
  return { ...(found as unknown as Outputs), stack };
}

/** The command that calls kubectl (from PATH) in the stack's namespace. */
export function kubectlCommand(stack: Stack, args: readonly string[]): [string, ...string[]] {
  const { file, context } = stack.kubeconfig;
  const cluster = [...(file ? ["--kubeconfig", file] : []), ...(context ? ["--context", context] : [])];
  return ["kubectl", ...cluster, "-n", stack.namespace, ...args];
}

/**
 * Calls kubectl (from PATH) in the stack's namespace and returns its output.
 *
 * @param input standard input
 */
export async function kubectl(stack: Stack, args: readonly string[], input?: string): Promise<string> {
  const [program, ...rest] = kubectlCommand(stack, args);
  try {
    return await run(program, rest, input === undefined ? {} : { input });
  } catch (error) {
    if (error instanceof CommandError && error.missing)
      throw new UserError("kubectl is not on PATH", 'install it, or on the embedded cluster: eval "$(make -s env)"');
    throw error;
  }
}
