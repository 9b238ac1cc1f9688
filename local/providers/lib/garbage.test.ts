import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import fc from "fast-check";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { toStruct } from "./struct.ts";

/** The plugin as the engine starts it: a process of its own that says its port. */
async function start(name: string): Promise<{ child: ChildProcess; port: number }> {
  const main = join(import.meta.dirname, "..", name, "main.ts");
  const env = { ...process.env, NODE_OPTIONS: "", KUBECONFIG: "/nowhere" };
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, "data")) as [Buffer];
  child.stdout?.destroy();
  return { child, port: Number(line.toString().trim()) };
}

let plugin: { child: ChildProcess; port: number };
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>;
beforeAll(async () => {
  plugin = await start("kubernetes");
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${plugin.port}`, credentials.createInsecure());
});
afterAll(() => {
  client.close();
  plugin.child.kill("SIGKILL");
});

/** Whether the plugin still answers a proper request. */
function version(): Promise<string> {
  return new Promise((resolve, reject) =>
    client.getPluginInfo(new emptyPb.Empty(), (error, info) => (error ? reject(error) : resolve(info.getVersion()))),
  );
}

/** A call with a body that is no message: its gRPC status. */
async function raw(method: string, body: Buffer): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${plugin.port}`);
  const headers = {
    ":method": "POST",
    ":path": `/pulumirpc.ResourceProvider/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  };
  const stream = session.request(headers);
  let status = "";
  for (const event of ["response", "trailers"])
    stream.on(event, (fields) => (status = String(fields["grpc-status"] ?? status)));
  stream.on("error", () => {});
  stream.resume();
  stream.end(body);
  await once(stream, "close");
  session.destroy();
  return status;
}

const framed = (bytes: Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

describe("garbage", () => {
  test("bytes that are no HTTP/2 at all", async () => {
    const socket = connect(plugin.port, "127.0.0.1");
    socket.on("error", () => {}).resume();
    socket.end(Buffer.from("GET / HTTP/1.0\r\n\r\n\0\xff\xfe"));
    await once(socket, "close");
    expect(await version()).toBe("4.34.2");
  });

  test("messages that cannot be read fail by themselves; the plugin goes on", async () => {
    const methods = ["Check", "Diff", "Create", "Read", "Update", "Delete", "Configure", "Invoke"];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        async (method, bytes) => {
          await raw(method, framed(bytes));
          await raw(method, Buffer.from(bytes));
        },
      ),
      { numRuns: 40 },
    );
    expect(await raw("Create", framed(Buffer.from([0xff, 0xff, 0xff])))).not.toBe("0");
    expect(await raw("NoSuchMethod", framed(Buffer.alloc(0)))).toBe("12");
    expect(await version()).toBe("4.34.2");
  });

  test("empty requests are refused or answered, never fatal", async () => {
    for (const method of ["Check", "Diff", "Create", "Read", "Update", "Delete", "Invoke"]) {
      expect(await raw(method, framed(Buffer.alloc(0)))).toMatch(/^(0|2)$/);
    }
    expect(await version()).toBe("4.34.2");
  });

  test("an unknown kind of another plugin's is refused in words", async () => {
    const { child, port } = await start("random");
    const random = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const request = new pb.CheckRequest().setUrn("urn:pulumi:s::p::random:index/randomFoo:RandomFoo::n");
    request.setNews(toStruct({}));
    const message = await new Promise<string>((resolve) =>
      random.check(request, (error) => resolve(error?.details ?? "")),
    );
    expect(message).toMatch(/RandomFoo is not supported .* install the official plugin/);
    random.close();
    child.kill();
  });
});

describe("the end of a plugin", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it at once", async (signal) => {
    const { child } = await start("random");
    child.kill(signal);
    const [code] = await Promise.race([once(child, "exit"), sleep(3000, ["still there"], { ref: false })]);
    expect(code).toBe(0);
  });
});
