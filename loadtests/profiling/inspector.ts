import { eventually } from "@media/drills/eventually";
import { kubectl, type Stack } from "@media/drills/stack";
import { UserError } from "../lib/errors.ts";
import { forwardTo } from "../lib/forward.ts";

/** Where Node.js listens for debuggers, on its pod's loopback alone. */
const PORT = 9229;

/** A Node.js process in a pod, asked by Chrome's DevTools protocol. */
export interface Inspector {
  send<T>(method: string, parameters?: object): Promise<T>;
  /** Ends the debugging: the process listens no more. */
  close(): Promise<void>;
}

/**
 * Opens the inspector of a pod's first process: SIGUSR1 makes it listen on the pod's loopback, and a port-forward leads
 * there. That needs `pods/exec` and `pods/portforward`, no privilege in the pod.
 */
export async function openInspector(stack: Stack, pod: string, container: string): Promise<Inspector> {
  await kubectl(stack, ["exec", pod, "-c", container, "--", "sh", "-c", "kill -USR1 1"]).catch((error: Error) => {
    throw new UserError(
      `SIGUSR1 could not be sent in ${pod}: ${error.message}`,
      "look at: kubectl describe, of the pod",
    );
  });
  const forward = await forwardTo(stack, pod, PORT);
  try {
    const [target] = await eventually(`the inspector of ${pod}`, 15, async () => {
      const answer = await fetch(`http://127.0.0.1:${forward.port}/json/list`, { signal: AbortSignal.timeout(3_000) });
      return (await answer.json()) as { webSocketDebuggerUrl: string }[];
    });
    const url = new URL(target?.webSocketDebuggerUrl ?? "");
    const session = await connect(`ws://127.0.0.1:${forward.port}${url.pathname}`);
    return {
      send: session.send,
      async close() {
        const expression = "setTimeout(() => process.getBuiltinModule('node:inspector').close(), 200); 0";
        await session.send("Runtime.evaluate", { expression }).catch(() => {});
        session.close();
        forward.child.kill();
      },
    };
  } catch (error) {
    forward.child.kill();
    throw error;
  }
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A session of the protocol with a process that listens there. */
export async function connect(url: string) {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (reply: Reply) => void>();
  let ids = 0;
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`no debugger at ${url}`)), { once: true });
  });
  socket.addEventListener("message", ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply;
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply);
  });
  socket.addEventListener("close", () => {
    for (const end of waiting.values()) end({ error: { message: "the process ended, or the connection to it" } });
  });
  return {
    async send<T>(method: string, parameters: object = {}): Promise<T> {
      ids += 1;
      const id = ids;
      const reply = await new Promise<Reply>((resolve) => {
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ id, method, params: parameters }));
      });
      waiting.delete(id);
      if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
      return reply.result as T;
    },
    close: () => socket.close(),
  };
}
