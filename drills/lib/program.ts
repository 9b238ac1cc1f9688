import { join } from "node:path";
import { UserError } from "./errors.ts";
import { CommandError, run } from "./run.ts";

/** The Pulumi program of a stack, as far as drills need it. The owner of the cluster may pass another implementation. */
export interface StackProgram {
  /** Brings the stack up. */
  up(): Promise<void>;
  /** Destroys the stack with everything in its namespace. */
  destroy(): Promise<void>;
  /** The outputs with their secrets, or undefined where there are none. */
  outputs(): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Absent where the state has a place of its own that outlives the machine. */
  readonly copies?: StateCopies;
}

/** Copies of the program's state in the stack's backup store. */
export interface StateCopies {
  /** Copies the state as it is. */
  keep(): Promise<void>;
  /** Loses it with its secrets, as a machine that is gone does. */
  lose(): Promise<void>;
  /** Brings it back. @param key in place of the right one. @throws where it does not open the copy */
  bringBack(key?: "another"): Promise<void>;
}

export interface PulumiOptions {
  readonly stack: string;
  /** Folder of Pulumi.yaml. @default the repository */
  readonly folder?: string;
  /** Configuration of the stack, where it is not beside Pulumi.yaml. */
  readonly configFile?: string;
}

const REPOSITORY = join(import.meta.dirname, "../..");

/** Runs the plain `pulumi` from PATH. Backend, passphrase and plugins come from the environment. */
export function pulumiProgram({ stack, folder = REPOSITORY, configFile }: PulumiOptions): StackProgram {
  const config = configFile ? ["--config-file", configFile] : [];
  const pulumi = async (args: readonly string[], show = false) => {
    const all = [...args, "--stack", stack, "--non-interactive", "--color=never"];
    try {
      return await run("pulumi", all, { cwd: folder, show });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.missing)
        throw new UserError("pulumi is not on PATH", 'install it, or on the embedded cluster: eval "$(make -s env)"');
      const reason = show ? "" : `: ${error.stderr.trim().slice(-500)}`;
      throw new UserError(
        `stack ${stack}: pulumi ${args[0]} failed${reason}`,
        "read its message, repair what it names, and run the same again",
      );
    }
  };
  return {
    up: async () => void (await pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs", ...config], true)),
    destroy: async () => void (await pulumi(["destroy", "--yes", "--skip-preview", ...config], true)),
    outputs: async () => {
      const found = JSON.parse(await pulumi(["stack", "output", "--json", "--show-secrets"])) as Record<
        string,
        unknown
      >;
      return Object.keys(found).length > 0 ? found : undefined;
    },
  };
}
