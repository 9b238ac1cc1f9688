import { type Express, json } from "express";
import { z } from "zod";
import { Problem } from "../errors/problem.ts";
import { MEDIA_TYPES, type MediaType } from "../model/media.ts";
import type { Faults } from "./faults.ts";
import { type Fail, misbehave, requireHeader } from "./misbehave.ts";
import { titlePayload } from "./titles.ts";

/** How every download of this double goes, those under way included. */
export const pace = z.strictObject({
  /** Seconds before the first byte. */
  queuedSeconds: z.number().min(0).max(86_400).default(0.2),
  /** Seconds from the first byte to the last. */
  seconds: z.number().min(0).max(86_400).default(0.8),
  /** Percent at which all stand still, and those that are past it are shown there; null: nowhere. */
  holdAt: z.number().min(0).max(100).nullable().default(null),
  /** What a download ends as. */
  outcome: z.enum(["available", "partial", "declined"]).default("available"),
});
export type Pace = z.infer<typeof pace>;

const PENDING = { request: 1, media: 2 };
const LOADING = { request: 2, media: 3 };
const ENDS = {
  available: { request: 2, media: 5 },
  partial: { request: 2, media: 4 },
  declined: { request: 3, media: 1 },
};

const SIZE = 4_000_000_000;
/** A soak asks for more titles than are looked up again. */
const MOST_KEPT = 50_000;

interface Held {
  id: number;
  mediaType: MediaType;
  tmdbId: number;
  since: number;
}

/** The requests that this Overseerr holds, by id; its clock can be given. */
export function createDownloads(now = Date.now) {
  const held = new Map<number, Held>();
  let current = pace.parse({});
  let lastId = 0;
  const percentOf = ({ since }: Held) => {
    const loadingFor = (now() - since) / 1_000 - current.queuedSeconds;
    const percent = current.seconds > 0 ? (loadingFor / current.seconds) * 100 : Math.sign(loadingFor) * 100;
    return Math.min(percent, current.holdAt ?? 100, 100);
  };
  const present = (request: Held) => {
    const percent = percentOf(request);
    const { request: status, media } = percent >= 100 ? ENDS[current.outcome] : percent < 0 ? PENDING : LOADING;
    const part = { externalId: request.id, size: SIZE, sizeLeft: Math.round((SIZE * (100 - percent)) / 100) };
    const { mediaType, tmdbId, id } = request;
    const downloadStatus = media === LOADING.media ? [{ ...part, mediaType, status: "downloading" }] : [];
    const createdAt = new Date(request.since).toISOString();
    return { id, type: mediaType, status, createdAt, media: { id, mediaType, tmdbId, status: media, downloadStatus } };
  };
  const idsOf = new Map<string, number[]>();
  const of = (mediaType: MediaType, tmdbId: number) =>
    (idsOf.get(`${mediaType} ${tmdbId}`) ?? []).flatMap((id) => held.get(id) ?? []).map(present);
  return {
    pace: () => current,
    setPace(next: Pace) {
      current = next;
    },
    forget() {
      held.clear();
      idsOf.clear();
    },
    find: (id: number) => {
      const request = held.get(id);
      return request && present(request);
    },
    of,
    /** False where it was not there. */
    remove: (id: number) => held.delete(id),
    /** Undefined where the title was asked for and that was not declined. */
    add(mediaType: MediaType, tmdbId: number) {
      if (of(mediaType, tmdbId).some(({ status }) => status !== ENDS.declined.request)) return undefined;
      const request = { id: ++lastId, mediaType, tmdbId, since: now() };
      if (held.size >= MOST_KEPT) this.forget();
      held.set(request.id, request);
      idsOf.set(`${mediaType} ${tmdbId}`, [...(idsOf.get(`${mediaType} ${tmdbId}`) ?? []), request.id]);
      return present(request);
    },
  };
}

const wish = z.looseObject({ mediaType: z.enum(MEDIA_TYPES), mediaId: z.int().min(1) });

/** The part of Overseerr's API that the service uses. */
export function mountOverseerr(app: Express, faults: Faults, downloads = createDownloads()): void {
  const fail: Fail = (res, status) => void res.status(status).json({ message: "You do not have permission." });
  const steps = [misbehave(faults, fail), requireHeader("x-api-key", fail)];
  const at = "/overseerr/api/v1";
  app.get(`${at}/status`, misbehave(faults, fail), (_req, res) => {
    res.json({ version: "1.33.2", commitTag: "double", updateAvailable: false, commitsBehind: 0 });
  });
  app.get(`${at}/request/count`, ...steps, (_req, res) => {
    res.json({ total: 12, movie: 8, tv: 4, pending: 3, approved: 4, declined: 0, processing: 1, available: 4 });
  });
  app.post(`${at}/request`, ...steps, json(), (req, res) => {
    const asked = wish.safeParse(req.body);
    if (!asked.success) return void res.status(500).json({ message: "Invalid media type" });
    const made = downloads.add(asked.data.mediaType, asked.data.mediaId);
    if (made) res.status(201).json(made);
    else res.status(409).json({ message: "Request for this media already exists." });
  });
  app.get(`${at}/request/:id`, ...steps, (req, res) => {
    const found = downloads.find(Number(req.params.id));
    if (found) res.json(found);
    else res.status(404).json({ message: "Request not found." });
  });
  app.delete(`${at}/request/:id`, ...steps, (req, res) => {
    if (downloads.remove(Number(req.params.id))) res.status(204).end();
    else res.status(404).json({ message: "Request not found." });
  });
  for (const mediaType of MEDIA_TYPES) {
    app.get(`${at}/${mediaType}/:id`, ...steps, (req, res) => {
      const id = Number(req.params.id);
      const requests = downloads.of(mediaType, id);
      const { status } = requests.at(-1)?.media ?? { status: 1 };
      res.json({ ...titlePayload(mediaType, id), mediaInfo: { tmdbId: id, mediaType, status, requests } });
    });
  }
  mountPace(app, downloads);
}

/** Reads the pace (GET), sets all of it (PUT), or forgets every request (DELETE), as an Overseerr set up anew. */
function mountPace(app: Express, downloads: ReturnType<typeof createDownloads>): void {
  const route = app.route("/control/overseerr/downloads");
  route.get((_req, res) => void res.json(downloads.pace()));
  route.put(json(), (req, res) => {
    const parsed = pace.safeParse(req.body);
    if (!parsed.success) throw new Problem("validation-failed", { extensions: { errors: parsed.error.issues } });
    downloads.setPace(parsed.data);
    res.json(downloads.pace());
  });
  route.delete((_req, res) => {
    downloads.forget();
    res.json(downloads.pace());
  });
}
