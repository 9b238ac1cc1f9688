import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import { InitFailed, UserError } from "./provider.ts";
import { toStruct } from "./struct.ts";

/** An error as gRPC carries it. A partial failure travels in `grpc-status-details-bin`, where the engine looks for it. */
export function serviceError(error: unknown): Partial<ServiceError> {
  if (error instanceof InitFailed) return partialFailure(error);
  const isBug = error instanceof Error && !(error instanceof UserError);
  const message = error instanceof Error ? error.message : String(error);
  return { code: status.UNKNOWN, details: isBug && error.stack ? error.stack : message, message };
}

function partialFailure(error: InitFailed): Partial<ServiceError> {
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(toStruct(error.properties));
  detail.setReasonsList(error.reasons);
  detail.setInputs(error.inputs && toStruct(error.inputs));
  const any = new anyPb.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");

  const rpcStatus = new statusPb.Status();
  // Must equal the call's code, or the Go client answers "internal" instead.
  rpcStatus.setCode(status.UNKNOWN);
  rpcStatus.setMessage(error.message);
  rpcStatus.addDetails(any);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rpcStatus.serializeBinary()));
  return { code: status.UNKNOWN, details: error.message, message: error.message, metadata };
}
