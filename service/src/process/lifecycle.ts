import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../observability/log.ts";

/** How long requests in flight may take to end before their connections are cut. */
const CLOSE_SECONDS = 10;
const SWEEP_MS = 50;

/** Longer than the gateway keeps an idle connection (60 s): the side that sends requests must close first. */
const KEEP_ALIVE_MS = 75_000;
/** How long a client may take to send a whole request. */
const REQUEST_MS = 30_000;

/** A running process: where it listens, and how it goes. */
export interface Running {
  /** Port of the public server; 0 where there is none. */
  httpPort: number;
  adminPort: number;
  /** Unready, wait, close in order, flush. Resolves when nothing is left. */
  drain(): Promise<void>;
}

/** What a process opened, in order, so that it can be closed in the opposite one. */
export class Lifecycle {
  readonly #log: Logger;
  readonly #closers: { name: string; close: () => Promise<unknown> }[] = [];
  readonly #stopping = new AbortController();
  #started = false;
  #drained: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Aborted when the process begins to drain. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  get draining(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Whether everything is open and nothing is closing. */
  get serving(): boolean {
    return this.#started && !this.draining;
  }

  started(): void {
    this.#started = true;
  }

  onClose(name: string, close: () => Promise<unknown>): void {
    this.#closers.push({ name, close });
  }

  /** Safe to call twice: the second call waits for the first. */
  drain(waitSeconds: number): Promise<void> {
    this.#drained ??= this.#drain(waitSeconds);
    return this.#drained;
  }

  async #drain(waitSeconds: number): Promise<void> {
    this.#log.info({ waitSeconds }, "draining");
    this.#stopping.abort();
    // Endpoints are removed while this process already has its signal: until every proxy knows, requests still come.
    await sleep(waitSeconds * 1_000);
    for (const { name, close } of this.#closers.reverse()) {
      await close().catch((error: unknown) =>
        this.#log.warn({ err: error, part: name }, "could not be closed cleanly"),
      );
    }
    this.#log.info("drained");
  }
}

/** Listens on the port (0: one that is free) and answers which it was. `attach` gets the server before it does. */
export async function listen(
  lifecycle: Lifecycle,
  name: string,
  port: number,
  handler: RequestListener,
  attach: (server: Server) => void = () => {},
): Promise<number> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MS }, handler);
  attach(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  });
  lifecycle.onClose(name, () => closeServer(server));
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  // A kept-alive connection whose request ends only now would stay open until it times out.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_SECONDS * 1_000);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(sweep);
  clearTimeout(cut);
}
