import type { Express, Request, RequestHandler } from "express";
import type { z } from "zod";
import { unauthorized } from "../auth/callers.ts";
import type { KeyOwner } from "../data/repositories/idempotency.ts";
import { Problem, problemDocument, toProblem } from "../errors/problem.ts";
import { type Identity, may } from "../model/roles.ts";
import type { Logger } from "../observability/log.ts";
import { currentRequestId } from "../observability/tracing.ts";
import { identityOf, keyOf } from "./auth-middleware.ts";
import { jsonBody, rawBody } from "./body.ts";
import { CACHING, cachingOf } from "./contract/caching.ts";
import { CONTRACT, type Contract, type OperationId } from "./contract/contract.ts";
import { JSON_ONLY, type Operation } from "./contract/operation.ts";
import { type IdempotentDeps, once, parseKey, plainUnit, repliedBefore, type UnitOfWork } from "./idempotent.ts";
import type { Reply } from "./reply.ts";
import { sendCached } from "./send.ts";

type Parsed<O, Part extends string> = O extends { [K in Part]: infer S extends z.ZodType } ? z.output<S> : undefined;

/** A request that passed every check of its operation. */
export interface Call<O = Operation> {
  req: Request;
  user: O extends { access: "user" } ? Identity : undefined;
  params: Parsed<O, "params">;
  query: Parsed<O, "query">;
  body: Parsed<O, "body">;
  /** Opens the use case's transaction; with an Idempotency-Key the reply is stored in it. */
  unitOfWork: UnitOfWork;
}

export type Handler<O> = (call: Call<O>) => Promise<Reply> | Reply;
export type Handlers = { [K in OperationId]: Handler<Contract[K]> };

export interface MountDeps extends IdempotentDeps {
  log: Pick<Logger, "info">;
  /** Steps before the body is read, by who may call. */
  access: Record<Operation["access"], RequestHandler[]>;
  /** Called before a POST of this user is answered. */
  wrote(user: Identity): Promise<void>;
}

/** Mounts every operation of the contract: what is not in it does not exist. */
export function mount(app: Express, deps: MountDeps, handlers: Handlers): void {
  const operations = Object.entries(CONTRACT) as [OperationId, Operation][];
  for (const [path, group] of Map.groupBy(operations, ([, { path }]) => path)) {
    const route = app.route(path.replace(/\{(\w+)\}/g, ":$1"));
    for (const [id, operation] of group) {
      const steps = [
        ...deps.access[operation.access],
        ...(operation.body ? [jsonBody(operation.bodyTypes ?? JSON_ONLY)] : []),
      ];
      route[operation.method](...steps, perform(deps, id, operation, handlers[id] as unknown as Handler<Operation>));
    }
    const allow = group.map(([, { method }]) => (method === "get" ? "GET, HEAD" : method.toUpperCase())).join(", ");
    route.all(() => {
      throw new Problem("method-not-allowed", { headers: { Allow: allow } });
    });
  }
}

function perform(deps: MountDeps, id: string, operation: Operation, handler: Handler<Operation>): RequestHandler {
  const caching = cachingOf(operation);
  const use = { operation: id, kind: operation.method === "get" ? "view" : "action" };
  return async (req, res) => {
    const user = identityOf.get(res);
    if (operation.needs && !(user && may(user, operation.needs))) throw new Problem("forbidden");
    const key = keyOf(req);
    const owner = key === undefined ? undefined : ownerOf(user, `${id} ${req.path}`, key);
    if (user?.ended) return sendCached(req, res, await onlyBefore(deps, owner, req), caching);
    const call = { ...check(operation, req), req, user };
    const work = async (unitOfWork: UnitOfWork) => {
      const reply = await audited(deps, { id, operation, ...call }, () =>
        handler({ ...call, unitOfWork } as Call<Operation>),
      );
      deps.metrics.featureUsed(use);
      return reply;
    };
    const answer = async (reply: Reply) => {
      // Before the answer: the next request can be here before this one is done.
      if (user && operation.method === "post") await deps.wrote(user);
      sendCached(req, res, reply, caching);
    };
    if (owner === undefined) return answer(await work(plainUnit(deps.database)));
    const reply = await once(deps, owner, rawBody(req), work, (problem) => problemReply(problem, req));
    await answer(reply);
  };
}

interface Act extends Pick<Call, "params" | "body"> {
  id: string;
  operation: Operation;
  user: Identity | undefined;
}

/** Leaves a line for every act that needs a permission: who did what to whom, and what came of it. */
async function audited(
  { log }: MountDeps,
  { id, operation: { needs, method }, user, params, body }: Act,
  work: () => Promise<Reply> | Reply,
): Promise<Reply> {
  if (needs === undefined || method === "get" || !user) return work();
  const tell = (outcome: string) =>
    log.info({ act: id, actor: user.id, role: user.role, on: params, change: body, outcome }, "audit");
  try {
    const reply = await work();
    tell("done");
    return reply;
  } catch (error) {
    tell(toProblem(error).code);
    throw error;
  }
}

function ownerOf(user: Identity | undefined, operation: string, key: string): KeyOwner {
  return { user: user?.id ?? "", operation, key: parseKey(key) };
}

/** For a caller whose session is over. */
async function onlyBefore(deps: MountDeps, owner: KeyOwner | undefined, req: Request): Promise<Reply> {
  const reply = owner && (await repliedBefore(deps, owner, rawBody(req)));
  if (!reply) throw unauthorized("session-ended");
  return reply;
}

function check(operation: Operation, req: Request): Pick<Call, "params" | "query" | "body"> {
  const params = operation.params?.safeParse(req.params);
  if (params && !params.success) throw new Problem("not-found");
  const query = operation.query && parse(operation.query, req.query, "query");
  const body = operation.body && parse(operation.body, req.body, "body");
  return { params: params?.data, query, body } as Pick<Call, "params" | "query" | "body">;
}

/** Names each mistake by its place, so that a form can show it beside its field. */
function parse(schema: z.ZodType, value: unknown, place: "query" | "body"): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    ...(place === "query" && { in: place }),
    path: path.map((step) => `/${String(step)}`).join(""),
    message,
  }));
  throw new Problem("validation-failed", { extensions: { errors } });
}

/** An error must not outlive its cause in a cache. */
const NOT_STORED = { "Cache-Control": CACHING.none };

export function problemReply(problem: Problem, req: Request): Reply {
  const document = problemDocument(problem, { instance: req.path, requestId: currentRequestId() });
  return {
    status: problem.status,
    headers: { "Content-Type": "application/problem+json; charset=utf-8", ...NOT_STORED, ...problem.headers },
    body: JSON.stringify(document),
  };
}
