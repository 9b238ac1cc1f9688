import { hash } from "node:crypto";
import type { Request, Response } from "express";
import { fieldsOf } from "./answer-fields.ts";
import { CACHING, type Caching } from "./contract/caching.ts";
import type { Reply } from "./reply.ts";

/** Answers by hand: Express would look at each header and hash the body once more. */
export function send(res: Response, { status, headers, body }: Reply): void {
  const fields = fieldsOf(res);
  for (const name in headers) fields.push(name, headers[name] as string);
  if (!BODILESS.has(status)) fields.push("Content-Length", String(Buffer.byteLength(body)));
  res.writeHead(status, fields);
  res.end(body);
}

/** Answers without a body have no Content-Length. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/**
 * Sends an operation's answer with what its contract says of caching. The validator is a strong one (RFC 9110,
 * section 8.8.1): answers are kept as bytes, and the same state gives the same bytes. An encoding on the way makes it
 * weak, so the two are compared weakly.
 */
export function sendCached(req: Request, res: Response, reply: Reply, caching: Caching): void {
  const headers: Record<string, string> = { "Cache-Control": CACHING[caching], ...reply.headers };
  // A copy that may be out of date has its own age: it is not what the state would give.
  const validated = req.method !== "POST" && reply.status === 200 && headers.Warning === undefined;
  if (validated && headers["Cache-Control"] !== CACHING.none)
    headers.ETag = `"${hash("sha1", reply.body, "base64url")}"`;
  if (headers.ETag === undefined || !matches(req.headers["if-none-match"], headers.ETag)) {
    send(res, { ...reply, headers });
    return;
  }
  delete headers["Content-Type"];
  send(res, { status: 304, headers, body: "" });
}

function matches(asked: string | undefined, etag: string): boolean {
  if (asked === undefined) return false;
  return asked === "*" || asked.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
