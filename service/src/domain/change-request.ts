import type pg from "pg";
import type { PgBoss } from "pg-boss";
import type { Transact } from "../data/postgres/database.ts";
import { sendDelivery, sendWithdrawal } from "../data/queue/queue.ts";
import { type Download, endDownload } from "../data/repositories/downloads.ts";
import {
  type ChangedRequest,
  findForUpdate,
  type MediaRequest,
  type RequestStatus,
  updateStatus,
} from "../data/repositories/requests.ts";
import { Problem } from "../errors/problem.ts";
import { type Identity, may } from "../model/roles.ts";
import type { CreateRequestDeps } from "./create-request.ts";

interface Change {
  from: readonly RequestStatus[];
  /** Undefined: what a new request of this caller would get. */
  to?: RequestStatus;
  /** Whether the request's owner may, without being allowed to decide on all requests. */
  byOwner: boolean;
}

/** The life of a request after it was made. What is not here is not possible. */
export const CHANGES = {
  approve: { from: ["awaiting"], to: "pending", byOwner: false },
  decline: { from: ["awaiting"], to: "declined", byOwner: false },
  cancel: { from: ["awaiting", "pending"], to: "cancelled", byOwner: true },
  retry: { from: ["failed", "cancelled"], byOwner: true },
} as const satisfies Record<string, Change>;

export type ChangeName = keyof typeof CHANGES;

/** A trusted user's request is approved at once; any other waits for a decision. */
export function firstStatus(user: Identity): "pending" | "awaiting" {
  return may(user, "requests:auto-approve") ? "pending" : "awaiting";
}

/** What a change left behind. */
export interface ChangedState {
  changed: ChangedRequest;
  /** The download that the change cancelled. */
  ended: Download | undefined;
}

/** Changes the request's state in one transaction, with the jobs that follow from it; publishes the change after the commit. */
export async function changeRequest(
  deps: Pick<CreateRequestDeps, "boss" | "cache" | "publisher" | "metrics">,
  transact: Transact<ChangedState>,
  user: Identity,
  id: string,
  name: ChangeName,
): Promise<ChangedState> {
  const change: Change = CHANGES[name];
  const state = await transact(`${name} request`, async (client) => {
    const request = await findForUpdate(client, id);
    const decides = may(user, "requests:decide");
    if (!request || !(decides || (change.byOwner && request.userId === user.id))) throw new Problem("not-found");
    if (!change.from.includes(request.status))
      throw new Problem("wrong-state", { extensions: { currentStatus: request.status, possibleFrom: change.from } });
    const next = await updateStatus(client, id, change.to ?? firstStatus(user));
    if (next.status === "pending") await sendDelivery(deps.boss, client, id);
    const download = next.status === "cancelled" ? await takeBack(deps.boss, client, request) : undefined;
    return { changed: next, ended: download };
  });
  const { changed, ended } = state;
  await deps.cache.invalidate(id);
  deps.publisher.requestChanged(changed);
  if (ended) {
    deps.publisher.downloadChanged(ended);
    deps.metrics.downloadEnded({ outcome: "cancelled" });
  }
  return state;
}

/** Ends what is under way for the request, here at once, and at Overseerr by a job: it may be away. */
async function takeBack(boss: PgBoss, client: pg.PoolClient, request: MediaRequest): Promise<Download | undefined> {
  if (request.status === "pending") await sendWithdrawal(boss, client, request.id);
  return endDownload(client, request.id, "cancelled");
}
