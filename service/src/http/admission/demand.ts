import type { IncomingMessage } from "node:http";
import { SIGNATURE_HEADER } from "../../domain/payments/signature.ts";
import type { Demand } from "../../resilience/admission/resources.ts";
import { neededBy } from "./needs.ts";
import { priorityOf } from "./priorities.ts";

const SIGNATURE = SIGNATURE_HEADER.toLowerCase();

/** What the head of a request says about its priority and its needs. */
export function demandOf({ method = "", url = "", headers }: IncomingMessage): Demand {
  const priority = priorityOf(method, url, headers.authorization !== undefined, SIGNATURE in headers);
  return { priority, needed: neededBy(method, url) };
}
