import { type Request, type RequestHandler, type Response, raw } from "express";
import { SIGNATURE_HEADER, type SignatureVerdict, verifySignature } from "../domain/payments/signature.ts";
import { Problem } from "../errors/problem.ts";
import { keepRaw, MAX_BODY } from "./body.ts";

/** A compressed body is refused: the signature is over the bytes that are sent. */
const readBytes = raw({ limit: MAX_BODY, type: () => true, inflate: false });

/**
 * Lets through only what was signed with one of the keys; nothing is parsed before that. Without a key nothing is.
 * `count` is called for every other request, so that guessing is limited.
 */
export function requireSignature(
  keys: readonly string[],
  count: (req: Request, res: Response) => Promise<void>,
): RequestHandler[] {
  const check: RequestHandler = async (req, res, next) => {
    const body: Buffer = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const verdict = verifySignature(keys, req.get(SIGNATURE_HEADER) ?? "", body);
    if (verdict !== "valid") await count(req, res);
    refuse(verdict);
    keepRaw(req, body);
    req.body = parse(body);
    next();
  };
  return [readBytes, check];
}

function refuse(verdict: SignatureVerdict): void {
  if (verdict === "valid") return;
  const code = verdict === "expired" ? "signature-expired" : "signature-invalid";
  throw new Problem(code, { headers: { "WWW-Authenticate": `HMAC-SHA256 header="${SIGNATURE_HEADER}"` } });
}

/** Bytes that are no UTF-8 are no JSON. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new Problem("malformed-body", { cause });
  }
}
