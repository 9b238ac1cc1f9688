import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { mapAt, type Props } from "../lib/values.ts";
import { Client } from "./client.ts";
import { resolveAccess } from "./kubeconfig.ts";

/** What goes wrong with one watch. */
export type Fault =
  /** The connection ends after this many bytes of events. */
  | { cutAfter: number }
  /** Each event comes byte by byte, in this many milliseconds. */
  | { crawl: number }
  /** Something that no API server says. */
  | { garbage: string }
  /** The version is too old, said in the stream or by the status. */
  | "gone"
  | "gone at once"
  | "refused"
  | "error";

interface Event {
  type: string;
  path: string;
  version: number;
  object: Props;
}

/** An API server of one page, for what a real one does only now and then: lists, watches, and faults by script. */
export class FakeApi {
  /** Requests as `GET path`, `LIST path` and `WATCH path@version`. */
  readonly calls: string[] = [];
  /** One for each watch to come; after the last, watches work. */
  faults: Fault[] = [];
  /** Paths whose lists are refused. */
  readonly forbidden = new Set<string>();
  /** Paths that are never answered. */
  readonly hung = new Set<string>();
  /** Paths that are answered with the server's own failure. */
  readonly broken = new Set<string>();
  /** Paths that are answered this many milliseconds late, with what was true when they were asked. */
  readonly late = new Map<string, number>();
  readonly client: Client;
  readonly #server: Server;
  readonly #objects = new Map<string, Props>();
  readonly #history: Event[] = [];
  readonly #watchers = new Set<(event: Event) => void>();
  #version = 1;

  private constructor(server: Server) {
    this.#server = server;
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const kubeconfig = JSON.stringify({
      "current-context": "c",
      clusters: [{ name: "k", cluster: { server: address } }],
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      users: [{ name: "u", user: { token: "t" } }],
    });
    this.client = new Client(resolveAccess({ kubeconfig }));
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeApi> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeApi(server);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Stores an object of a collection and tells the watches; answers it with its new version. */
  set(path: string, object: Props): Props {
    const { name } = mapAt(object, "metadata");
    const type = this.#objects.has(`${path}/${name}`) ? "MODIFIED" : "ADDED";
    const resourceVersion = String(++this.#version);
    const stored = { ...object, metadata: { uid: `uid-of-${name}`, ...mapAt(object, "metadata"), resourceVersion } };
    this.#objects.set(`${path}/${name}`, stored);
    this.#happened({ type, path, version: this.#version, object: stored });
    return stored;
  }

  remove(path: string, name: string): void {
    const object = this.#objects.get(`${path}/${name}`) ?? {};
    this.#objects.delete(`${path}/${name}`);
    this.#happened({ type: "DELETED", path, version: ++this.#version, object });
  }

  /** What happened so far is no longer known to a watch: the next one that asks for it is told so. */
  forget(): void {
    this.#history.length = 0;
  }

  #happened(event: Event): void {
    this.#history.push(event);
    for (const tell of this.#watchers) tell(event);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://x");
    const path = url.pathname;
    if (url.searchParams.has("watch"))
      return this.#watch(path, url.searchParams.get("resourceVersion") ?? "", response);
    const object = this.#objects.get(path);
    this.calls.push(`${object || !isCollection(path) ? "GET" : "LIST"} ${path}`);
    if (this.hung.has(path)) return;
    if (this.late.has(path)) await sleep(this.late.get(path));
    if (this.broken.has(path)) return reply(response, 500, { message: "etcd is away" });
    if (object) return reply(response, 200, object);
    if (!isCollection(path)) return reply(response, 404, { reason: "NotFound" });
    if (this.forbidden.has(path)) return reply(response, 403, { reason: "Forbidden" });
    const items = [...this.#objects].filter(([key]) => parentOf(key) === path).map(([, item]) => item);
    reply(response, 200, { metadata: { resourceVersion: String(this.#version) }, items });
  }

  async #watch(path: string, from: string, response: ServerResponse): Promise<void> {
    this.calls.push(`WATCH ${path}@${from}`);
    const fault = this.faults.shift();
    if (fault === "refused" || this.forbidden.has(path)) return reply(response, 403, { reason: "Forbidden" });
    if (fault === "gone at once") return reply(response, 410, GONE);
    if (fault === "error") return reply(response, 500, { message: "etcd is away" });
    response.writeHead(200).flushHeaders();
    if (fault === "gone") return void response.end(lineOf("ERROR", GONE));
    if (typeof fault === "object" && "garbage" in fault) return void response.write(fault.garbage);
    const send = sender(response, fault);
    const tell = (event: Event) => event.path === path && send(lineOf(event.type, event.object));
    for (const event of this.#history) if (event.version > Number(from)) tell(event);
    this.#watchers.add(tell);
    response.on("close", () => this.#watchers.delete(tell));
  }
}

const GONE: Props = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
const lineOf = (type: string, object: Props): Buffer => Buffer.from(`${JSON.stringify({ type, object })}\n`);
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
/** Collections have a name in the plural; no object of a test has. */
const isCollection = (path: string): boolean => path.endsWith("s");

function reply(response: ServerResponse, code: number, body: Props): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** How a watch's lines go out; one after the other. */
function sender(response: ServerResponse, fault: Fault | undefined): (line: Buffer) => void {
  let sent = 0;
  let last: Promise<unknown> = Promise.resolve();
  if (typeof fault !== "object" || "garbage" in fault) return (line) => void response.write(line);
  if ("cutAfter" in fault) {
    return (line) => {
      const part = line.subarray(0, Math.max(0, fault.cutAfter - sent));
      sent += part.length;
      response.write(part, () => part.length < line.length && response.destroy());
    };
  }
  const crawl = async (line: Buffer) => {
    for (const byte of line) {
      response.write(Buffer.of(byte));
      if (byte % 16 === 0) await sleep(fault.crawl);
    }
  };
  return (line) => {
    last = last.then(() => crawl(line));
  };
}
