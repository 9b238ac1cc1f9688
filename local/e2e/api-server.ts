import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@media/drills/eventually";
import { type Answer, call } from "@media/drills/verify/http";
import { freePorts } from "@media/service/test/programs";
import { execa } from "execa";

/** A Kubernetes API server with its store, and nothing else: no node, no controller. */
export interface ApiServer {
  /** A request as its administrator. */
  readonly send: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** What its store holds under a key, as bytes; empty where it holds nothing. */
  readonly stored: (key: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const TOKEN = "administrator-of-this-test";

/**
 * Starts etcd and kube-apiserver on free ports of this machine.
 *
 * @param program path of kube-apiserver
 * @param more arguments of it
 */
export async function startApiServer(program: string, more: readonly string[] = []): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), "media-api-server-"));
  const file = (name: string) => join(folder, name);
  const [client, peer, port] = await freePorts(3);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(file("account.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(file("tokens.csv"), `${TOKEN},administrator,1,system:masters\n`);
  const start = (command: string, args: string[]) =>
    execa(command, args, {
      cwd: folder,
      reject: false,
      stdio: ["ignore", { file: file("log") }, { file: file("log") }],
    });
  const peers = `http://127.0.0.1:${peer}`;
  const store = start("etcd", [
    `--data-dir=${file("etcd")}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    "--unsafe-no-fsync",
  ]);
  const server = start(program, [
    `--etcd-servers=http://127.0.0.1:${client}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${folder}`,
    `--token-auth-file=${file("tokens.csv")}`,
    "--service-cluster-ip-range=10.96.0.0/24",
    `--service-account-key-file=${file("account.key")}`,
    `--service-account-signing-key-file=${file("account.key")}`,
    "--service-account-issuer=https://test",
    // Its accounts are made by a controller, which is not there.
    "--disable-admission-plugins=ServiceAccount",
    "--allow-privileged=true",
    ...more,
  ]);
  const send: ApiServer["send"] = (method, path, body) =>
    call(`https://127.0.0.1:${port}${path}`, {
      method,
      body,
      ca: readFileSync(file("apiserver.crt"), "utf8"),
      headers: { authorization: `Bearer ${TOKEN}` },
      timeoutSeconds: 30,
    });
  const stored: ApiServer["stored"] = async (key) => {
    const body = { key: Buffer.from(key).toString("base64") };
    const { text } = await call(`http://127.0.0.1:${client}/v3/kv/range`, { method: "POST", body });
    const { kvs = [] } = JSON.parse(text) as { kvs?: { value: string }[] };
    return Buffer.from(kvs[0]?.value ?? "", "base64").toString("latin1");
  };
  const stop = async () => {
    for (const child of [server, store]) child.kill("SIGKILL");
    await Promise.all([server, store]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually("the API server to be ready", 120, async () => {
      const { status } = await send("GET", "/readyz");
      if (status !== 200) throw new Error(`it answers ${status}: ${readFileSync(file("log"), "utf8").slice(-1500)}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { send, stored, stop };
}
