/** A place other than this machine in which a load tool runs. */
export interface Elsewhere {
  /** A file there, by its name in the folder that `send` sends. */
  path(name: string): string;
  /** Sends all that a folder of this machine holds. */
  send(folder: string): Promise<void>;
  /** The command of this machine that runs one there; input, output and exit code are those of the other. */
  command(args: readonly string[], env?: Readonly<Record<string, string>>): [string, ...string[]];
  /** Sends SIGINT to what `command` runs. */
  interrupt(): void;
  /** Reads a file there, by its name. */
  take(name: string): Promise<Buffer>;
  /** CPU that everything there has used. Seconds. */
  cpuSeconds(): Promise<number>;
}
