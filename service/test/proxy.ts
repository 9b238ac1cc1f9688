import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** What comes of the connections through a proxy. */
export type Trouble =
  /** All goes through. */
  | "none"
  /** Every connection is reset. */
  | "dead"
  /** The next connection is reset, and all goes through after it. */
  | "blink"
  /** Clients that connect receive nothing. */
  | "silent"
  /** Those that are connected receive nothing any more and see no end, as when a node is gone; new ones go through. */
  | "vanished"
  /** Clients that connect receive bytes that mean nothing in any protocol. */
  | "garbage";

/** A TCP proxy in front of a server, which can fail in ways that a server which is killed cannot. */
export interface FaultProxy {
  port: number;
  /** Ends what is connected, but for "vanished", so that every client meets the new trouble. */
  set(trouble: Trouble): void;
  /** How many connections met trouble so far. */
  met(): number;
  close(): void;
}

const GARBAGE = Buffer.from(Array.from({ length: 512 }, (_, n) => (n * 167 + 13) % 256));

export async function startProxy(targetPort: number, port = 0): Promise<FaultProxy> {
  let trouble: Trouble = "none";
  let met = 0;
  const open = new Set<Socket>();
  const pairs = new Set<readonly [Socket, Socket]>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {}).once("close", () => open.delete(socket));
  };
  const server = createServer((caller) => {
    keep(caller);
    if (trouble !== "none") met += 1;
    if (trouble === "dead" || trouble === "blink") {
      if (trouble === "blink") trouble = "none";
      return void caller.resetAndDestroy();
    }
    if (trouble === "silent") return;
    if (trouble === "garbage") return void caller.on("data", () => caller.write(GARBAGE));
    const target = connect(targetPort, "127.0.0.1");
    keep(target);
    caller.pipe(target).pipe(caller);
    const pair = [caller, target] as const;
    pairs.add(pair);
    caller.once("close", () => target.destroy());
    caller.once("close", () => pairs.delete(pair));
    target.once("close", () => caller.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const drop = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const silence = () => {
    for (const [caller, target] of pairs) {
      met += 1;
      caller.unpipe().resume();
      target.unpipe().resume();
      // Not passed on either: that the other side gives up.
      target.removeAllListeners("close");
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      trouble = next === "vanished" ? "none" : next;
      if (next === "vanished") silence();
      else drop();
    },
    met: () => met,
    close() {
      drop();
      server.close();
    },
  };
}
