import { z } from "zod";
import { SIGNALS, SOCKET_PATH, UPDATES } from "../domain/published-events.ts";

/** The part of the documentation page about live updates; their schemas are among the others of the page. */
export function liveSection(): string {
  const rows = Object.entries({ ...SIGNALS, ...UPDATES }).map(([name, schema]) => {
    const { id = "", description = "" } = z.globalRegistry.get(schema) ?? {};
    return `<tr><th><code>${name}</code></th><td><a href="#${id}">${id}</a></td><td>${description}</td></tr>`;
  });
  return `<h2 id="live">Live updates</h2>
<p>By Socket.IO under <code>${SOCKET_PATH}</code>, by WebSocket only, with <code>auth: { token }</code>. Events are about
one's own requests and downloads, or all users' for callers who may read them. A client that comes back after a drop gets
what it missed, each event once; where that is not possible <code>ready</code> says so, and the lists are to be read
again. A refused handshake has a problem in <code>connect_error</code>'s <code>data</code>; <code>closing</code> holds
the one for which a connection is ended. Clients send nothing.</p>
<table>${rows.join("")}</table>`;
}
