import { setTimeout as sleep } from "node:timers/promises";
import { type Express, json, type RequestHandler, type Response } from "express";
import { MEDIA_TYPES } from "../domain/media.ts";
import { Problem } from "../errors/problem.ts";
import { type Faults, knobs } from "./faults.ts";
import { titlePayload } from "./titles.ts";

/** Above it this TMDB knows no title, so that tests can ask for one that is missing. */
export const HIGHEST_KNOWN_ID = 900_000_000;

/** TMDB's own error bodies: its status_code is not the HTTP status. */
const ERRORS: Record<number, { status_code: number; status_message: string }> = {
  401: { status_code: 7, status_message: "Invalid API key: You must be granted a valid key." },
  404: { status_code: 34, status_message: "The resource you requested could not be found." },
  429: { status_code: 25, status_message: "Your request count (#) is over the allowed limit of (40)." },
  503: { status_code: 9, status_message: "Service offline: This service is temporarily offline, try again later." },
};
const INTERNAL = { status_code: 11, status_message: "Internal error: Something went wrong, contact TMDb." };

/** The part of TMDB's API that the service uses. */
export function mountTmdb(app: Express, faults: Faults, token: string | undefined): void {
  for (const mediaType of MEDIA_TYPES) {
    app.get(`/tmdb/3/${mediaType}/:id`, misbehave(faults), requireToken(token), (req, res) => {
      const id = Number(req.params.id);
      if (!Number.isInteger(id) || id < 1 || id > HIGHEST_KNOWN_ID) return fail(res, 404);
      res.json(titlePayload(mediaType, id));
    });
  }
}

/** Reads the knobs (GET), sets them all (PUT), or turns all off (DELETE). */
export function mountControl(app: Express, faults: Faults): void {
  const route = app.route("/control");
  route.get((_req, res) => {
    res.json(faults.get());
  });
  route.put(json(), (req, res) => {
    const parsed = knobs.safeParse(req.body);
    if (!parsed.success) throw new Problem("validation-failed", { extensions: { errors: parsed.error.issues } });
    faults.set(parsed.data);
    res.json(faults.get());
  });
  route.delete((_req, res) => {
    faults.set(knobs.parse({}));
    res.json(faults.get());
  });
}

function misbehave(faults: Faults): RequestHandler {
  return async (_req, res, next) => {
    const { latencyMs, failWith, garbage } = faults.next();
    if (latencyMs > 0) await delay(latencyMs, res);
    if (failWith !== undefined) fail(res, failWith);
    else if (garbage) res.type("application/json").send('{"title": "The Ma');
    else next();
  };
}

/** Waits, but not for a caller who has left. */
async function delay(ms: number, res: Response): Promise<void> {
  const left = new AbortController();
  res.once("close", () => left.abort());
  await sleep(ms, undefined, { signal: left.signal }).catch(() => {});
}

/** Without a token of its own the double takes any, but not none. */
function requireToken(token: string | undefined): RequestHandler {
  return (req, res, next) => {
    const given = /^Bearer (\S+)$/.exec(req.get("authorization") ?? "")?.[1];
    if (given && given === (token ?? given)) next();
    else fail(res, 401);
  };
}

function fail(res: Response, status: number): void {
  res.status(status).json({ success: false, ...(ERRORS[status] ?? INTERNAL) });
}
