import { Server, ServerCredentials } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { engineLog, type Log } from "./engine.ts";
import type { Provider } from "./provider.ts";
import { service } from "./server.ts";

/** How often to look whether the engine is still there. */
const PARENT_CHECK_MS = 1000;

/**
 * Serves a provider until the engine goes away. Arguments are the engine's: flags, then the address of the engine.
 * The first line on stdout is the port; nothing else may be written there.
 */
export function serve(make: (log: Log) => Provider): void {
  const address = process.argv.slice(2).find((arg) => !arg.startsWith("-"));
  const provider = make(engineLog(address));
  // State of a large stack passes 4 MiB, gRPC's default limit.
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(providerGrpc.ResourceProviderService, service(provider));
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      process.stderr.write(`pulumi-resource-${provider.name}: cannot listen on 127.0.0.1: ${error.message}\n`);
      process.exit(1);
    }
    process.stdout.write(`${port}\n`);
  });
  stopWithTheEngine(() => {
    provider.cancel?.();
    server.forceShutdown();
    process.exit(0);
  });
}

/** The engine stops its plugins by a signal; when it is killed itself, the parent process changes. */
function stopWithTheEngine(stop: () => void): void {
  const parent = process.ppid;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS).unref();
}
