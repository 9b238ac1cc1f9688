import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as pbTypes from "@pulumi/pulumi/proto/provider_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import { InitFailed, type Provider, UserError } from "./provider.ts";
import { service } from "./server.ts";
import { fromStruct, toStruct } from "./struct.ts";

const URN = "urn:pulumi:dev::proj::parent:x:Y$kubernetes:core/v1:Pod::a::b";

/** A provider that answers what it was asked. */
const echo: Provider = {
  name: "echo",
  version: "1.2.3",
  configure: async () => {},
  check: async ({ news, olds, type, name }) => ({
    inputs: { ...news, type, name, isNew: olds === undefined },
    failures: [{ property: "p", reason: "r" }],
  }),
  diff: async () => ({
    changes: true,
    detailed: {
      "spec.a[0]": { kind: "update", replace: true },
      'metadata.labels["x/y"]': { kind: "delete", inputDiff: true },
    },
    deleteBeforeReplace: true,
  }),
  create: async ({ properties }) => {
    if (properties.fail === "init")
      throw new InitFailed("made", { id: "id", properties: { a: 1 }, reasons: ["no light"] });
    if (properties.fail === "user") throw new UserError("plain words");
    return { id: "id", properties };
  },
  read: async ({ id }) => (id === "gone" ? {} : { id, properties: { a: 1 }, inputs: { a: 1 } }),
  update: async ({ news }) => news,
  delete: async () => {},
};

let server: Server;
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>;

beforeAll(async () => {
  server = new Server();
  server.addService(providerGrpc.ResourceProviderService, service(echo));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

function create(fail: string): Promise<pbTypes.CreateResponse> {
  const request = new pb.CreateRequest().setUrn(URN).setProperties(toStruct({ fail }));
  return new Promise((resolve, reject) =>
    client.create(request, (error, response) => (error ? reject(error) : resolve(response))),
  );
}

describe("the gRPC service", () => {
  test("reads type and name from the URN and tells a new resource from an old one", async () => {
    const request = new pb.CheckRequest()
      .setUrn(URN)
      .setNews(toStruct({ a: null }))
      .setOlds(toStruct({}));
    const response = await new Promise<pbTypes.CheckResponse>((resolve, reject) =>
      client.check(request, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    expect(fromStruct(response.getInputs())).toEqual({
      a: null,
      type: "kubernetes:core/v1:Pod",
      name: "a::b",
      isNew: true,
    });
    expect(response.getFailuresList().map((failure) => failure.toObject())).toEqual([{ property: "p", reason: "r" }]);
  });

  test("answers a diff by path, with replacements marked as such", async () => {
    const response = await new Promise<pbTypes.DiffResponse>((resolve, reject) =>
      client.diff(new pb.DiffRequest().setUrn(URN), (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    expect(response.getReplacesList()).toEqual(["spec.a[0]"]);
    expect(response.getDiffsList()).toEqual(["spec", "metadata"]);
    expect(response.getDeletebeforereplace()).toBe(true);
    expect(response.getDetaileddiffMap().get("spec.a[0]")?.getKind()).toBe(pb.PropertyDiff.Kind.UPDATE_REPLACE);
    expect(response.getDetaileddiffMap().get('metadata.labels["x/y"]')?.getKind()).toBe(pb.PropertyDiff.Kind.DELETE);
  });

  test("a partial failure carries the state and the reasons", async () => {
    const error = (await create("init").catch((reason) => reason)) as ServiceError;
    const [details] = error.metadata.get("grpc-status-details-bin") as Buffer[];
    const status = statusPb.Status.deserializeBinary(details as Uint8Array);
    expect(status.getCode()).toBe(error.code);
    const any = status.getDetailsList()[0];
    expect(any?.getTypeUrl()).toBe("type.googleapis.com/pulumirpc.ErrorResourceInitFailed");
    const failed = pb.ErrorResourceInitFailed.deserializeBinary(any?.getValue_asU8() ?? new Uint8Array());
    expect([failed.getId(), failed.getReasonsList(), fromStruct(failed.getProperties())]).toEqual([
      "id",
      ["no light"],
      { a: 1 },
    ]);
  });

  test("a person's mistake is told in plain words, without a stack trace", async () => {
    const error = (await create("user").catch((reason) => reason)) as ServiceError;
    expect(error.details).toBe("plain words");
  });

  test("a resource that is gone has an empty id", async () => {
    const response = await new Promise<pbTypes.ReadResponse>((resolve, reject) =>
      client.read(new pb.ReadRequest().setId("gone").setUrn(URN), (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
    expect(response.getId()).toBe("");
    expect(response.hasProperties()).toBe(false);
  });

  test("a function of a plugin without functions is refused by name", async () => {
    const request = new pb.InvokeRequest().setTok("echo:x:y");
    await expect(
      new Promise((resolve, reject) =>
        client.invoke(request, (error, answer) => (error ? reject(error) : resolve(answer))),
      ),
    ).rejects.toThrow("the echo plugin has no function echo:x:y");
  });
});
