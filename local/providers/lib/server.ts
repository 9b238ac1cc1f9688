import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import type * as pbTypes from "@pulumi/pulumi/proto/provider_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { serviceError } from "./errors.ts";
import {
  type CheckRequest,
  type CheckResult,
  type DiffRequest,
  type DiffResult,
  type Provider,
  targetOf,
  UserError,
} from "./provider.ts";
import { fromStruct, toStruct } from "./struct.ts";

const MODES = ["propose", "enforce", "disable"] as const;
const KINDS = { add: 0, delete: 2, update: 4 } as const;

/** The gRPC methods of a provider. What is not listed answers UNIMPLEMENTED by itself. */
export function service(provider: Provider): UntypedServiceImplementation {
  return {
    getPluginInfo: unary(async () => new pluginPb.PluginInfo().setVersion(provider.version)),
    checkConfig: unary(async (r: pbTypes.CheckRequest) => {
      const request = checkRequest(r);
      return checkResponse((await provider.checkConfig?.(request)) ?? { inputs: request.news });
    }),
    diffConfig: unary(async (r: pbTypes.DiffRequest) =>
      diffResponse((await provider.diffConfig?.(diffRequest(r))) ?? { changes: false, detailed: {} }),
    ),
    configure: unary(async (r: pbTypes.ConfigureRequest) => {
      await provider.configure(new Map(r.getVariablesMap().toArray()));
      const response = new pb.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    check: unary(async (r: pbTypes.CheckRequest) => checkResponse(await provider.check(checkRequest(r)))),
    diff: unary(async (r: pbTypes.DiffRequest) => diffResponse(await provider.diff(diffRequest(r)))),
    create: unary(async (r: pbTypes.CreateRequest) => {
      const properties = fromStruct(r.getProperties());
      const request = { ...targetOf(r.getUrn()), properties, timeout: r.getTimeout(), preview: r.getPreview() };
      const created = await provider.create(request);
      return new pb.CreateResponse().setId(created.id).setProperties(toStruct(created.properties));
    }),
    read: unary(async (r: pbTypes.ReadRequest) => {
      const state = { properties: fromStruct(r.getProperties()), inputs: fromStruct(r.getInputs()) };
      const found = await provider.read({ ...targetOf(r.getUrn()), id: r.getId(), ...state });
      const response = new pb.ReadResponse();
      if (found.id === undefined) return response;
      return response
        .setId(found.id)
        .setProperties(toStruct(found.properties ?? {}))
        .setInputs(toStruct(found.inputs ?? {}));
    }),
    update: unary(async (r: pbTypes.UpdateRequest) => {
      const { id, olds, news, oldInputs, ignoreChanges, ...target } = diffRequest(r);
      const old = { id, olds, news, oldInputs, ignoreChanges };
      const updated = await provider.update({ ...target, ...old, timeout: r.getTimeout(), preview: r.getPreview() });
      return new pb.UpdateResponse().setProperties(toStruct(updated));
    }),
    delete: unary(async (r: pbTypes.DeleteRequest) => {
      const properties = fromStruct(r.getProperties());
      await provider.delete({ ...targetOf(r.getUrn()), id: r.getId(), properties, timeout: r.getTimeout() });
      return new emptyPb.Empty();
    }),
    invoke: unary(async (r: pbTypes.InvokeRequest) => {
      if (!provider.invoke) throw new UserError(`the ${provider.name} plugin has no function ${r.getTok()}`);
      const response = new pb.InvokeResponse();
      response.setReturn(toStruct(await provider.invoke(r.getTok(), fromStruct(r.getArgs()))));
      return response;
    }),
    construct: unary(async (r: pbTypes.ConstructRequest) => {
      throw new UserError(
        `${r.getType()} is a component that this ${provider.name} plugin cannot build; install the official plugin for it`,
      );
    }),
    cancel: unary(async () => {
      provider.cancel?.();
      return new emptyPb.Empty();
    }),
    attach: unary(async () => new emptyPb.Empty()),
  };
}

function unary<Request, Response>(answer: (request: Request) => Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    answer(call.request).then(
      (response) => callback(null, response),
      (error) => callback(serviceError(error)),
    );
  };
}

function checkRequest(r: pbTypes.CheckRequest): CheckRequest {
  const olds = r.hasOlds() ? fromStruct(r.getOlds()) : undefined;
  const autonaming = r.getAutonaming();
  return {
    ...targetOf(r.getUrn()),
    // The engine sends an empty map as well as none for "no old inputs".
    olds: olds && Object.keys(olds).length > 0 ? olds : undefined,
    news: fromStruct(r.getNews()),
    randomSeed: r.getRandomseed_asU8(),
    ...(autonaming && {
      autonaming: { proposedName: autonaming.getProposedName(), mode: MODES[autonaming.getMode()] ?? "propose" },
    }),
  };
}

function checkResponse(result: CheckResult): pbTypes.CheckResponse {
  const response = new pb.CheckResponse();
  response.setInputs(toStruct(result.inputs));
  response.setFailuresList(
    (result.failures ?? []).map(({ property, reason }) =>
      new pb.CheckFailure().setProperty(property).setReason(reason),
    ),
  );
  return response;
}

function diffRequest(r: pbTypes.DiffRequest | pbTypes.UpdateRequest): DiffRequest {
  return {
    ...targetOf(r.getUrn()),
    id: r.getId(),
    olds: fromStruct(r.getOlds()),
    news: fromStruct(r.getNews()),
    oldInputs: fromStruct(r.getOldInputs()),
    ignoreChanges: r.getIgnorechangesList(),
  };
}

function diffResponse(result: DiffResult): pbTypes.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  const entries = Object.entries(result.detailed);
  const response = new pb.DiffResponse();
  response.setChanges(result.changes ? DIFF_SOME : DIFF_NONE);
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
  response.setDiffsList([...new Set(entries.map(([path]) => /^[^.[]*/.exec(path)?.[0] ?? path))]);
  response.setReplacesList(entries.filter(([, diff]) => diff.replace).map(([path]) => path));
  response.setHasdetaileddiff(entries.length > 0);
  for (const [path, diff] of entries) {
    const property = new pb.PropertyDiff();
    property.setKind(KINDS[diff.kind] + (diff.replace ? 1 : 0));
    property.setInputdiff(diff.inputDiff ?? false);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}
