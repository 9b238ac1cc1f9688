import { isUtf8 } from "node:buffer";
import { json, type Request, type RequestHandler } from "express";
import { Problem } from "../errors/problem.ts";

export const MAX_BODY = "16kb";

const RAW = Symbol("raw body");
const parseJson = json({
  limit: MAX_BODY,
  type: () => true,
  verify: (req, _res, bytes, charset) => {
    if (charset !== "utf-8") throw Object.assign(new Error(charset), { type: "charset.unsupported" });
    // The parser would replace invalid bytes by U+FFFD.
    if (!isUtf8(bytes)) throw new Problem("malformed-body", { detail: "The body is not UTF-8." });
    keepRaw(req, bytes);
  },
});

export function keepRaw(req: object, bytes: Buffer): void {
  Object.assign(req, { [RAW]: bytes });
}

/** The body's bytes as they were received. */
export function rawBody(req: Request): Buffer {
  return (req as Request & { [RAW]?: Buffer })[RAW] ?? Buffer.alloc(0);
}

/** Reads a JSON body unless it was read before. Refuses every other content type, which Express would read as an empty body. */
export function jsonBody(types: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const type = (req.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (!types.includes(type)) throw new Problem("unsupported-media-type");
    parseJson(req, res, next);
  };
}
