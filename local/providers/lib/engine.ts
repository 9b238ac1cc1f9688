import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";

export type Severity = "debug" | "info" | "warning" | "error";
const SEVERITY = { debug: 0, info: 1, warning: 2, error: 3 } as const;

/** Where messages for the person at the terminal go. */
export interface Log {
  /** A line that stays. */
  say(urn: string, severity: Severity, message: string): void;
  /** The resource's status, replaced by the next one. */
  status(urn: string, message: string): void;
}

/** The engine's own log; without an address (a plugin started by hand) everything goes to stderr. */
export function engineLog(address: string | undefined): Log {
  const client = address ? new engineGrpc.EngineClient(address, credentials.createInsecure()) : undefined;
  const send = (urn: string, severity: Severity, message: string, ephemeral: boolean) => {
    if (!client) return void process.stderr.write(`${severity}: ${message}\n`);
    const request = new enginePb.LogRequest();
    request.setSeverity(SEVERITY[severity]);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    // A lost line must not fail a deployment.
    client.log(request, () => {});
  };
  return {
    say: (urn, severity, message) => send(urn, severity, message, false),
    status: (urn, message) => send(urn, "info", message, true),
  };
}
