import { z } from "zod";
import type { ProblemCode } from "../../errors/catalogue.ts";
import { MEDIA_TYPES } from "../../model/media.ts";
import { operation, paging } from "./operation.ts";

const OUTSIDE = [
  "upstream-bad-response",
  "upstream-unavailable",
  "upstream-unreachable",
] as const satisfies ProblemCode[];
const mediaType = z.enum(MEDIA_TYPES);
const page = z
  .string()
  .regex(/^([1-9]\d{0,2})$/, "must be a whole number from 1 to 999")
  .default("1")
  .transform(Number);

const titles = z
  .strictObject({
    items: z.array(
      z.strictObject({ mediaType, tmdbId: z.int(), title: z.string(), overview: z.string(), year: z.int().nullable() }),
    ),
    page: z.int(),
    totalPages: z.int(),
  })
  .meta({ id: "Titles" });

export const media = {
  discover: operation({
    method: "get",
    path: "/api/v1/discover",
    tag: "media",
    summary: "What is popular, by TMDB",
    access: "visitor",
    caching: "shared",
    query: z.strictObject({ mediaType, page }),
    answers: { 200: { description: "A page.", schema: titles } },
    problems: OUTSIDE,
  }),
  search: operation({
    method: "get",
    path: "/api/v1/search",
    tag: "media",
    summary: "Find titles at TMDB",
    access: "visitor",
    caching: "shared",
    query: z.strictObject({ mediaType, page, query: z.string().min(1).max(200) }),
    answers: { 200: { description: "A page.", schema: titles } },
    problems: OUTSIDE,
  }),
  listTrailers: operation({
    method: "get",
    path: "/api/v1/titles/{mediaType}/{tmdbId}/trailers",
    tag: "media",
    summary: "Trailers of a title at YouTube, as TMDB names them or a search finds them",
    access: "visitor",
    caching: "shared",
    params: z.strictObject({
      mediaType,
      tmdbId: z
        .string()
        .regex(/^[1-9]\d{0,8}$/)
        .transform(Number),
    }),
    answers: {
      200: {
        description: "The best matches first.",
        schema: z.strictObject({
          items: z.array(z.strictObject({ videoId: z.string(), title: z.string(), url: z.string() })),
        }),
      },
    },
    problems: ["unknown-title", ...OUTSIDE],
  }),
  getLibrary: operation({
    method: "get",
    path: "/api/v1/library",
    tag: "media",
    summary: "What was added to Plex last",
    access: "user",
    caching: "ownerBriefly",
    query: z.strictObject({ limit: paging.limit }),
    answers: {
      200: {
        description: "Newest first.",
        schema: z.strictObject({
          items: z.array(
            z.strictObject({
              plexId: z.string(),
              mediaType,
              title: z.string(),
              year: z.int().nullable(),
              addedAt: z.iso.datetime(),
            }),
          ),
        }),
      },
    },
    problems: OUTSIDE,
  }),
  getOverseerr: operation({
    method: "get",
    path: "/api/v1/admin/overseerr",
    tag: "administration",
    summary: "How many requests Overseerr holds, by state",
    access: "user",
    needs: "users:manage",
    answers: {
      200: {
        description: "The counts.",
        schema: z.object({ pending: z.int(), approved: z.int(), processing: z.int(), available: z.int() }),
      },
    },
    problems: ["not-found", ...OUTSIDE],
  }),
};
