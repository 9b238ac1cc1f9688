import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";
import type { CheckResult, Provider } from "@pulumi/pulumi/provider/index.js";
import { main } from "@pulumi/pulumi/provider/server.js";

/** How often to look whether the engine is still there. */
const PARENT_CHECK_MS = 1000;

/** Shows a line as the status of the resource that the URN names. */
export type Status = (urn: string, line: string) => void;

/** Serves a plugin, by the SDK's server, until the engine stops it by a signal or is gone itself. */
export async function serve(make: (status: Status) => Provider): Promise<void> {
  const args = process.argv.slice(2);
  const address = args.find((arg) => !arg.startsWith("-"));
  const provider = make(address ? statusOf(address) : () => {});
  const parent = process.ppid;
  const stop = () => void provider.cancel?.().finally(() => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS).unref();
  await main(provider, args);
}

function statusOf(address: string): Status {
  const client = new engineGrpc.EngineClient(address, credentials.createInsecure());
  return (urn, line) => {
    const request = new enginePb.LogRequest();
    request.setSeverity(enginePb.LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(line);
    request.setEphemeral(true);
    // A lost line must not fail a deployment.
    client.log(request, () => {});
  };
}

/** `urn:pulumi:<stack>::<project>::<parent>$<type>::<name>` */
export const typeOf = (urn: string) => urn.split("::")[2]?.split("$").pop() ?? "";

/** The answer to a check of a resource that the plugin does not have: a failure is shown without a stack trace. */
export function unsupported(urn: string, plugin: string, has: string): CheckResult {
  const reason = `${typeOf(urn)} is not supported by this ${plugin} plugin, which has ${has}; install the official plugin for it`;
  return { failures: [{ property: "", reason }] };
}
