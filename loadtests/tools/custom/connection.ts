import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Header lines as they came. */
  readonly head: string;
  /** Empty unless it was asked for. */
  readonly body: string;
}

/** Why there was no answer. */
export type Failure = "connection-refused" | "connection-lost" | "timeout" | "not-http";

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly ca?: string;
}

type Done = (answer: Answer | undefined, failure: Failure | undefined, untouched: boolean) => void;

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/**
 * One HTTP/1.1 connection with one request on it at a time. It reads what servers of ours answer: a length, chunks, or no
 * body; an answer that ends with its connection is not among them.
 */
export class Connection {
  readonly #socket: Socket;
  #done: Done | undefined;
  #wantsBody = false;
  #received: Buffer | undefined;
  #answered = 0;
  /** Bytes of the body still to come; -1: it comes in chunks. */
  #left = 0;
  #head = "";
  #status = 0;
  #timer: NodeJS.Timeout | undefined;
  open = true;

  constructor(address: Address) {
    const { host, port, secure, ca } = address;
    this.#socket = secure
      ? connectSecurely({ host, port, servername: /^[\d.:]+$/.test(host) ? "" : host, ALPNProtocols: ["http/1.1"], ...(ca && { ca }) })
      : connect({ host, port });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#fail(error.code === "ECONNREFUSED" ? "connection-refused" : "connection-lost");
    });
    this.#socket.on("close", () => this.#fail("connection-lost"));
  }

  /** `untouched` in the callback: a connection that had answered before ended without a byte of this answer. */
  send(bytes: string, wantsBody: boolean, timeoutMs: number, done: Done): void {
    this.#done = done;
    this.#wantsBody = wantsBody;
    this.#timer = setTimeout(() => this.#fail("timeout"), timeoutMs);
    this.#socket.write(bytes, "latin1");
  }

  close(): void {
    this.open = false;
    this.#socket.destroy();
  }

  #fail(failure: Failure): void {
    this.open = false;
    this.#socket.destroy();
    const done = this.#take();
    done?.(undefined, failure, failure === "connection-lost" && this.#answered > 0 && this.#status === 0);
  }

  #take(): Done | undefined {
    const done = this.#done;
    this.#done = undefined;
    clearTimeout(this.#timer);
    return done;
  }

  #read(chunk: Buffer): void {
    if (!this.#done) return this.close();
    this.#received = this.#received ? Buffer.concat([this.#received, chunk]) : chunk;
    if (this.#status === 0 && !this.#readHead(this.#received)) return;
    if (this.#left === -1) {
      if (this.#received.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) this.#finish(this.#wantsBody ? unchunk(this.#received) : "");
      return;
    }
    if (this.#received.length < this.#left) {
      // What nobody wants to read is not kept.
      if (!this.#wantsBody && this.#status < 400) {
        this.#left -= this.#received.length;
        this.#received = undefined;
      }
      return;
    }
    this.#finish(this.#wantsBody || this.#status >= 400 ? this.#received.toString("utf8", 0, this.#left) : "");
  }

  /** True when the head is whole; then `#received` holds what came of the body. */
  #readHead(received: Buffer): boolean {
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return false;
    const head = received.toString("latin1", 0, end);
    const status = Number(head.slice(9, 12));
    if (!head.startsWith("HTTP/1.1 ") || !(status >= 100)) {
      this.#fail("not-http");
      return false;
    }
    this.#status = status;
    this.#head = head;
    this.#received = received.subarray(end + END_OF_HEAD.length);
    const length = valueOf(head, "content-length");
    if (length !== undefined) this.#left = Number(length);
    else this.#left = valueOf(head, "transfer-encoding") === "chunked" ? -1 : 0;
    if (this.#left === -1 && status >= 400) this.#wantsBody = true;
    if (status === 204 || status === 304) this.#left = 0;
    return true;
  }

  #finish(body: string): void {
    const answer = { status: this.#status, head: this.#head, body };
    this.#answered += 1;
    this.#status = 0;
    this.#received = undefined;
    if (valueOf(answer.head, "connection") === "close") this.close();
    this.#take()?.(answer, undefined, false);
  }
}

/** A header's value, by its name in lower case. */
export function valueOf(head: string, name: string): string | undefined {
  const at = head.search(new RegExp(`^${name}:`, "im"));
  if (at === -1) return undefined;
  const end = head.indexOf("\r\n", at);
  return head.slice(at + name.length + 1, end === -1 ? undefined : end).trim();
}

function unchunk(received: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at < received.length; ) {
    const end = received.indexOf("\r\n", at);
    const size = Number.parseInt(received.toString("latin1", at, end), 16);
    if (!(size > 0)) break;
    parts.push(received.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts).toString("utf8");
}
