import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Adapter } from "socket.io-adapter";
import { compareIds, type Feed } from "./feed.ts";

/** How far a process may be behind the one that the client comes from before the client has to begin anew. */
const CATCH_UP_MS = 1_000;
const LOOK_MS = 20;
const ID = /^\d{1,15}-\d{1,15}$/;

/**
 * Socket.IO's side of going on after a drop. A client brings the place of its last event along by itself; what it may
 * see is in its token, which is checked as for a new one. So nothing is kept for it here, and a process that died with
 * its connection takes nothing with it. See docs/decisions/0011.
 */
export function recoveryAdapter(feed: Feed) {
  return class extends Adapter {
    // biome-ignore lint/suspicious/noExplicitAny: Socket.IO's own type of it
    override async restoreSession(pid: string, offset: string): Promise<any> {
      if (!(await reach(feed, offset))) return null;
      const sid = randomBytes(15).toString("base64url");
      // The missed events are sent when the token was found good, not now.
      return { sid, pid, rooms: [], data: { lastEvent: offset }, missedPackets: [] };
    }
  };
}

async function reach(feed: Feed, offset: string): Promise<boolean> {
  if (!ID.test(offset)) return false;
  const deadline = Date.now() + CATCH_UP_MS;
  while (!feed.after(offset)) {
    const isAhead = feed.position !== undefined && compareIds(offset, feed.position) > 0;
    if (!isAhead || Date.now() > deadline) return false;
    await sleep(LOOK_MS);
  }
  return true;
}
