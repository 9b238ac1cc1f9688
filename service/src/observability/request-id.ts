import type { IncomingHttpHeaders } from "node:http";
import { newRequestId } from "./tracing.ts";

/** An id from the gateway is kept if it has this form; anything else could be used to forge log lines. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

/** The request's id: that of the gateway, or a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : newRequestId();
}
