import { type AgentOptions, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { UserError } from "../lib/provider.ts";
import { isMap, listAt, type Props, stringAt } from "../lib/values.ts";
import { apiVersionOf, kindOf } from "./identity.ts";
import { apiRoot, builtIn, type Resource } from "./kinds.ts";
import type { Access } from "./kubeconfig.ts";

/** A request that gets no answer at all in this time fails: a frozen API server must not hang a deployment. */
const REQUEST_TIMEOUT_MS = 60_000;
/** More requests at once than this only queue up in the API server. */
const MAX_SOCKETS = 32;

export type Query = { [key: string]: string | undefined };
export interface RequestOptions {
  query?: Query;
  body?: unknown;
  contentType?: string;
  /** How long the server may be silent. @default 60 s */
  timeoutMs?: number;
  /** Breaks the request off. */
  signal?: AbortSignal;
}

/** An answer of the API server that is not a success; `reason` is Kubernetes' own word, such as `AlreadyExists`. */
export class ApiError extends UserError {
  readonly code: number;
  readonly reason: string;
  readonly body: Props;

  constructor(code: number, body: Props, text: string) {
    super(stringAt(body, "message") ?? (text.trim() || `HTTP ${code}`));
    this.code = code;
    this.reason = stringAt(body, "reason") ?? "";
    this.body = body;
  }
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof NotServed || (error instanceof ApiError && error.code === 404);

/** The cluster has no such kind (now). */
export class NotServed extends UserError {
  constructor(apiVersion: string, kind: string) {
    super(`the cluster has no kind ${kind} of ${apiVersion}; is its CustomResourceDefinition installed?`);
  }
}

/** Talks to one API server over kept-alive connections. */
export class Client {
  readonly #access: Access;
  readonly #agent: HttpAgent | HttpsAgent;
  /** Streams stay open for as long as somebody waits: they must not use up the connections that answers come on. */
  readonly #streams: HttpAgent | HttpsAgent;
  readonly #discovered = new Map<string, Promise<Map<string, Resource>>>();

  constructor(access: Access) {
    this.#access = access;
    const { ca, cert, key, serverName: servername, insecure } = access;
    const tls = { ca, cert, key, rejectUnauthorized: !insecure, ...(servername && { servername }) };
    const agent = (sockets: AgentOptions) =>
      access.server.startsWith("https:") ? new HttpsAgent({ ...sockets, ...tls }) : new HttpAgent(sockets);
    this.#agent = agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
    this.#streams = agent({ keepAlive: false });
  }

  /** Sends a request and answers the parsed body. */
  async json(method: string, path: string, options: RequestOptions = {}): Promise<Props> {
    return parseBody(await this.text(method, path, options));
  }

  /** Sends a request and answers the body as text; throws ApiError on any status that is not a success. */
  async text(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    const response = await this.#send(method, path, options, this.#agent);
    return bodyOf(response).catch((error) => Promise.reject(this.#unreachable(error)));
  }

  /** Reads a path whose answer has no end of its own, such as a watch; throws ApiError as `text` does. */
  async stream(path: string, options: RequestOptions = {}): Promise<Readable> {
    const response = await this.#send("GET", path, options, this.#streams);
    if (!isSuccess(response)) await bodyOf(response);
    return response;
  }

  #send(
    method: string,
    path: string,
    options: RequestOptions,
    agent: HttpAgent | HttpsAgent,
  ): Promise<IncomingMessage> {
    const { query, body, contentType, signal, timeoutMs: timeout = REQUEST_TIMEOUT_MS } = options;
    const url = new URL(this.#access.server.replace(/\/+$/, "") + path);
    for (const [key, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(key, value);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const authorization = this.#access.authorization();
    const headers = {
      accept: "application/json, */*",
      "user-agent": "pulumi-resource-kubernetes (media-platform)",
      ...(authorization && { authorization }),
      ...(payload !== undefined && {
        "content-type": contentType ?? "application/json",
        "content-length": Buffer.byteLength(payload),
      }),
    };
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, { method, headers, agent, timeout, ...(signal && { signal }) }, resolve);
      request.on("timeout", () => request.destroy(new Error(`no answer in ${timeout / 1000} s`)));
      request.on("error", (error) => reject(this.#unreachable(error)));
      request.end(payload);
    });
  }

  #unreachable(error: Error): Error {
    if (error instanceof ApiError) return error;
    return new UserError(`cannot reach the cluster at ${this.#access.server}: ${error.message}`);
  }

  /** The path of a kind's collection, or of one object of it. */
  async path(apiVersion: string, kind: string, namespace: string | undefined, name?: string): Promise<string> {
    const resource = await this.resource(apiVersion, kind);
    if (!resource) throw new NotServed(apiVersion, kind);
    const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
    return `${apiRoot(apiVersion)}${scope}/${resource.plural}${name ? `/${encodeURIComponent(name)}` : ""}`;
  }

  pathOf(object: Props, namespace: string | undefined, name?: string): Promise<string> {
    return this.path(apiVersionOf(object), kindOf(object), namespace, name);
  }

  /** How a kind is served: from the table for built-in kinds, else from the cluster; undefined when it is not. */
  async resource(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const known = builtIn(apiVersion, kind);
    if (known) return known;
    const cached = this.#discovered.get(apiVersion) ?? this.#discover(apiVersion);
    const found = (await cached).get(kind);
    // A kind that is not there yet may be there later: its definition can be part of the same deployment.
    if (!found) this.#discovered.delete(apiVersion);
    return found;
  }

  #discover(apiVersion: string): Promise<Map<string, Resource>> {
    const found = this.json("GET", apiRoot(apiVersion)).then(resourcesOf, (error) => {
      this.#discovered.delete(apiVersion);
      if (isNotFound(error)) return new Map<string, Resource>();
      throw error;
    });
    this.#discovered.set(apiVersion, found);
    return found;
  }

  /** The objects of a kind in a namespace; none when they cannot be listed, since lists only explain. */
  async list(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    query: Query = {},
    options: RequestOptions = {},
  ): Promise<Props[]> {
    try {
      const list = await this.json("GET", await this.path(apiVersion, kind, namespace), { ...options, query });
      return listAt(list, "items").filter(isMap);
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  }
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  if (isSuccess(response)) return text;
  throw new ApiError(response.statusCode ?? 0, parseBody(text), text);
}

function parseBody(text: string): Props {
  try {
    const body = JSON.parse(text);
    return isMap(body) ? body : {};
  } catch {
    return {};
  }
}

function resourcesOf(list: Props): Map<string, Resource> {
  const found = new Map<string, Resource>();
  for (const entry of listAt(list, "resources")) {
    const plural = stringAt(entry, "name") ?? "";
    const kind = stringAt(entry, "kind") ?? "";
    if (!plural.includes("/")) found.set(kind, { plural, namespaced: isMap(entry) && entry.namespaced === true });
  }
  return found;
}
