import { type Address, type Answer, Connection, type Failure } from "./connection.ts";

export interface PoolArgs extends Address {
  /** Most connections at once; a request that finds none waits. */
  readonly connections: number;
  readonly timeoutMs: number;
}

type Done = (answer: Answer | undefined, failure: Failure | undefined) => void;

interface Waiting {
  readonly bytes: string;
  readonly wantsBody: boolean;
  readonly done: Done;
}

/** Connections that are kept and used again, the last used first. */
export class Pool {
  readonly #args: PoolArgs;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  readonly #waiting: Waiting[] = [];

  constructor(args: PoolArgs) {
    this.#args = args;
  }

  send(bytes: string, wantsBody: boolean, done: Done): void {
    const request = { bytes, wantsBody, done };
    const connection = this.#take();
    if (connection) this.#use(connection, request);
    else this.#waiting.push(request);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #take(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.open) return idle;
      this.#all.delete(idle);
    }
    return this.#all.size < this.#args.connections ? this.#new() : undefined;
  }

  #new(): Connection {
    const connection = new Connection(this.#args);
    this.#all.add(connection);
    return connection;
  }

  #use(connection: Connection, request: Waiting): void {
    const { bytes, wantsBody, done } = request;
    connection.send(bytes, wantsBody, this.#args.timeoutMs, (answer, failure, untouched) => {
      if (connection.open) this.#idle.push(connection);
      else this.#all.delete(connection);
      // A server may end a kept connection at any time: such a request is sent again, once, on a new one. POSTs carry a key.
      if (untouched) this.#use(this.#new(), request);
      else done(answer, failure);
      this.#serveNext();
    });
  }

  #serveNext(): void {
    if (this.#waiting.length === 0) return;
    const connection = this.#take();
    if (!connection) return;
    const next = this.#waiting.shift();
    if (next) this.#use(connection, next);
  }
}
