import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { afterAll, expect, test } from "@jest/globals";
import grpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { secret } from "./values.ts";

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill();
});

/** Starts a plugin as the engine does: by its name, with the port as the first line of its output. */
async function start(name: string): Promise<InstanceType<typeof grpc.ResourceProviderClient>> {
  const child = spawn(join(import.meta.dirname, "bin", `pulumi-resource-${name}`), [], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  const [port] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return new grpc.ResourceProviderClient(`127.0.0.1:${String(port).trim()}`, credentials.createInsecure());
}

test("the random plugin answers the engine's protocol, and secrets go over it marked", async () => {
  const client = await start("random");
  const request = new pb.CreateRequest();
  request.setUrn("urn:pulumi:dev::p::random:index/randomPassword:RandomPassword::x");
  request.setProperties(structPb.Struct.fromJavaScript({ length: 9, keepers: { none: null } }));
  const answer = await new Promise<pb.CreateResponse>((resolve, reject) => {
    client.create(request, (error, response) => (error ? reject(error) : resolve(response)));
  });
  const outs = answer.getProperties()?.toJavaScript() as Record<string, { value: string }>;
  expect(outs).toMatchObject({
    length: 9,
    keepers: { none: null },
    result: secret(expect.stringMatching(/^.{9}$/) as never),
  });
  client.close();
});

test("the docker plugin starts, and ends by the signal that the engine sends", async () => {
  (await start("docker")).close();
  const child = started.at(-1) as ChildProcess;
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
