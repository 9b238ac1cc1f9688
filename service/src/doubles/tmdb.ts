import { createHash } from "node:crypto";
import { type Express, json, type RequestHandler, type Response } from "express";
import { Problem } from "../errors/problem.ts";
import { MEDIA_TYPES, type MediaType } from "../model/media.ts";
import { type Faults, knobs } from "./faults.ts";
import { misbehave } from "./misbehave.ts";
import { titlePayload, videosPayload } from "./titles.ts";

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

/** What it says to a search that looks for nothing. */
const NO_QUERY = { errors: ["query must be provided"] };

/** The part of TMDB's API that the service uses. */
export function mountTmdb(app: Express, faults: Faults, token: string | undefined): void {
  app.get("/tmdb/3/authentication", misbehave(faults, fail), requireToken(token), (_req, res) => {
    res.json({ success: true, status_code: 1, status_message: "Success." });
  });
  for (const mediaType of MEDIA_TYPES) {
    app.get(`/tmdb/3/${mediaType}/:id`, misbehave(faults, fail), requireToken(token), (req, res) => {
      const id = Number(req.params.id);
      if (!Number.isInteger(id) || id < 1 || id > HIGHEST_KNOWN_ID) return fail(res, 404);
      res.json(titlePayload(mediaType, id));
    });
    app.get(`/tmdb/3/${mediaType}/:id/videos`, misbehave(faults, fail), requireToken(token), (req, res) => {
      res.json(videosPayload(mediaType, Number(req.params.id)));
    });
    app.get(`/tmdb/3/discover/${mediaType}`, misbehave(faults, fail), requireToken(token), (req, res) => {
      res.json(pageOf(mediaType, Number(req.query.page ?? 1), 1));
    });
    app.get(`/tmdb/3/search/${mediaType}`, misbehave(faults, fail), requireToken(token), (req, res) => {
      const { query, page = 1 } = req.query;
      if (typeof query !== "string" || query === "") return void res.status(422).json(NO_QUERY);
      res.json(pageOf(mediaType, Number(page), firstFound(query)));
    });
  }
}

function pageOf(mediaType: MediaType, page: number, first: number) {
  const results = Array.from({ length: 20 }, (_, n) => titlePayload(mediaType, first + (page - 1) * 20 + n));
  return { page, results, total_pages: 500, total_results: 10_000 };
}

/** Each query has titles of its own, the same every time. */
function firstFound(query: string): number {
  return 1 + (createHash("sha256").update(query).digest().readUInt32BE() % (HIGHEST_KNOWN_ID - 10_000));
}

/** Reads the knobs (GET), sets them all (PUT), or turns all off (DELETE). */
export function mountControl(app: Express, path: string, faults: Faults): void {
  const route = app.route(path);
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
