import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { Problem, toProblem } from "../errors/problem.ts";
import { type Monitors, recordProblem } from "../errors/record.ts";
import { fieldsOf } from "./answer-fields.ts";
import { problemReply } from "./mount.ts";
import { send } from "./send.ts";

export interface AppDeps extends Monitors {
  /** Whether the process is on its way out. */
  draining: () => boolean;
  observe: RequestHandler;
}

/** An Express application with what every one of ours has around its routes. */
export function createApp(deps: AppDeps, mount: (app: Express) => void): Express {
  const app = express();
  app.disable("x-powered-by");
  // Answers bring their own (send.ts).
  app.disable("etag");
  app.use(deps.observe);
  app.use(partWhenDraining(deps.draining));
  mount(app);
  app.use(() => {
    throw new Problem("not-found");
  });
  app.use(answerProblem(deps));
  return app;
}

/** Ends kept-alive connections with their next answer, so that the caller reconnects to someone who stays. */
function partWhenDraining(draining: () => boolean): RequestHandler {
  return (_req, res, next) => {
    if (draining()) fieldsOf(res).push("Connection", "close");
    next();
  };
}

/** The one place where an error of a request is logged and counted. */
function answerProblem(deps: AppDeps): ErrorRequestHandler {
  return (error, req, res, next) => {
    const problem = toProblem(error);
    recordProblem(problem, deps, "request failed");
    // Half an answer cannot be turned into another: Express then cuts the connection.
    if (res.headersSent) return next(error);
    send(res, problemReply(problem, req));
  };
}
