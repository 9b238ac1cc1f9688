import type { Express } from "express";
import type { Faults } from "./faults.ts";
import { type Fail, misbehave, requireHeader } from "./misbehave.ts";
import { titlePayload } from "./titles.ts";

const YEAR_2026 = 1_767_225_600;

/** The part of Plex's API that the service uses: two sections, and what is in them. */
export function mountPlex(app: Express, faults: Faults): void {
  const fail: Fail = (res, status) => void res.status(status).type("html").send("<html><title>Error</title></html>");
  const steps = [misbehave(faults, fail), requireHeader("x-plex-token", fail)];
  const kinds = [
    { key: "1", type: "movie", title: "Films" },
    { key: "2", type: "show", title: "Series" },
    { key: "3", type: "photo", title: "Pictures" },
  ];
  // Open to every caller.
  app.get("/plex/identity", misbehave(faults, fail), (_req, res) => {
    res.json({ MediaContainer: { size: 0, claimed: true, machineIdentifier: "double", version: "1.41.0" } });
  });
  app.get("/plex/library/sections", ...steps, (_req, res) => {
    res.json({ MediaContainer: { size: kinds.length, Directory: kinds } });
  });
  app.get("/plex/library/sections/:key/all", ...steps, (req, res) => {
    const kind = kinds.find(({ key }) => key === req.params.key);
    if (!kind) return fail(res, 404);
    const size = Math.min(Number(req.query["X-Plex-Container-Size"] ?? 50), 100);
    const Metadata = Array.from({ length: size }, (_, n) => {
      const { title, name } = titlePayload(kind.type === "movie" ? "movie" : "tv", n + 1);
      return {
        ratingKey: `${kind.key}${n}`,
        type: kind.type,
        title: title ?? name,
        year: 2000 + (n % 25),
        addedAt: YEAR_2026 - n * 3_600,
      };
    });
    res.json({ MediaContainer: { size, Metadata } });
  });
}

/** The part of YouTube's Data API that the service uses. */
export function mountYoutube(app: Express, faults: Faults): void {
  const fail: Fail = (res, status) =>
    void res.status(status).json({ error: { code: status, message: "The request cannot be completed.", errors: [] } });
  const steps = [misbehave(faults, fail), requireHeader("x-goog-api-key", fail)];
  app.get("/youtube/youtube/v3/videoCategories", ...steps, (_req, res) => {
    const film = { kind: "youtube#videoCategory", id: "1", snippet: { title: "Film & Animation", assignable: true } };
    res.json({ kind: "youtube#videoCategoryListResponse", items: [film] });
  });
  app.get("/youtube/youtube/v3/search", ...steps, (req, res) => {
    const items = Array.from({ length: 5 }, (_, n) => ({
      kind: "youtube#searchResult",
      id: { kind: "youtube#video", videoId: `double-${n}` },
      snippet: { title: `${String(req.query.q)} (${n + 1})`, channelTitle: "Trailers" },
    }));
    res.json({ kind: "youtube#searchListResponse", pageInfo: { totalResults: 5, resultsPerPage: 5 }, items });
  });
}
