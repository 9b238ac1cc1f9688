import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../lib/provider.ts";

/** Which cluster to use, as the provider's inputs say it. */
export interface Choice {
  /** Path or contents of a kubeconfig. @default the files of $KUBECONFIG, then ~/.kube/config */
  kubeconfig?: string | undefined;
  /** @default the kubeconfig's current-context */
  context?: string | undefined;
  /** @default the context's cluster */
  cluster?: string | undefined;
  /** @default the context's namespace, then "default" */
  namespace?: string | undefined;
}

/** Everything a connection needs, resolved. */
export interface Access {
  server: string;
  namespace: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  insecure: boolean;
  serverName?: string;
  /** The `Authorization` header, asked for on every request since tokens expire. */
  authorization(): string | undefined;
  /** The cluster stanza as written, by which two configurations are compared. */
  stanza: object;
}

interface Cluster {
  server?: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
  "proxy-url"?: string;
}
interface Exec {
  apiVersion?: string;
  command: string;
  args?: string[];
  env?: { name: string; value: string }[];
}
interface User {
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: Exec;
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  "auth-provider"?: object;
}
interface Kubeconfig {
  "current-context"?: string;
  clusters?: { name: string; cluster: Cluster }[];
  users?: { name: string; user: User }[];
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
}

/** Reads the kubeconfig and follows it to the chosen cluster. Throws a UserError that says what is missing. */
export function resolveAccess(choice: Choice): Access {
  const config = load(choice.kubeconfig);
  const contextName = choice.context || config["current-context"];
  if (!contextName)
    throw new UserError("the kubeconfig has no current-context, and none is configured (kubernetes:context)");
  const context = config.contexts?.find(({ name }) => name === contextName)?.context;
  if (!context)
    throw new UserError(`the kubeconfig has no context "${contextName}"; it has: ${names(config.contexts)}`);
  const clusterName = choice.cluster || context.cluster;
  const cluster = config.clusters?.find(({ name }) => name === clusterName)?.cluster;
  if (!cluster?.server)
    throw new UserError(`the kubeconfig has no cluster "${clusterName}"; it has: ${names(config.clusters)}`);
  const user = config.users?.find(({ name }) => name === context.user)?.user ?? {};
  refuseUnsupported(cluster, user);
  return {
    server: cluster.server,
    namespace: choice.namespace || context.namespace || "default",
    ...optional("ca", bytes(cluster["certificate-authority-data"], cluster["certificate-authority"])),
    ...credentials(user),
    ...optional("serverName", cluster["tls-server-name"]),
    insecure: cluster["insecure-skip-tls-verify"] ?? false,
    stanza: cluster,
  };
}

function load(kubeconfig: string | undefined): Kubeconfig {
  if (kubeconfig?.includes("\n") || kubeconfig?.trimStart().startsWith("{")) return parseConfig(kubeconfig, "");
  const files = kubeconfig ? [expand(kubeconfig)] : defaultFiles();
  const found = files.filter((file) => existsSync(file));
  if (found.length === 0) throw new UserError(`no kubeconfig: none of ${files.join(", ")} exists`);
  return found.map((file) => parseConfig(readFileSync(file, "utf8"), file)).reduce(merge);
}

function defaultFiles(): string[] {
  const listed = (process.env.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  return listed.length > 0 ? listed.map(expand) : [join(homedir(), ".kube", "config")];
}

const expand = (path: string): string =>
  path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;

function parseConfig(text: string, file: string): Kubeconfig {
  let config: unknown;
  try {
    config = parse(text);
  } catch (error) {
    throw new UserError(`the kubeconfig ${file || "given as text"} is not YAML: ${(error as Error).message}`);
  }
  if (typeof config !== "object" || config === null)
    throw new UserError(`the kubeconfig ${file || "given as text"} is empty`);
  return file ? anchor(config as Kubeconfig, dirname(file)) : (config as Kubeconfig);
}

/** File names in a kubeconfig are relative to the kubeconfig. */
function anchor(config: Kubeconfig, folder: string): Kubeconfig {
  const fields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];
  const fix = (record: object) =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) =>
        fields.includes(key) && value && !isAbsolute(value) ? [key, join(folder, value)] : [key, value],
      ),
    );
  const clusters = (config.clusters ?? []).map(({ name, cluster }) => ({ name, cluster: fix(cluster ?? {}) }));
  const users = (config.users ?? []).map(({ name, user }) => ({ name, user: fix(user ?? {}) }));
  return { ...config, clusters, users };
}

/** The first file to name a thing wins, as with kubectl. */
function merge(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    ...optional("current-context", first["current-context"] || second["current-context"]),
    clusters: [...(first.clusters ?? []), ...(second.clusters ?? [])],
    users: [...(first.users ?? []), ...(second.users ?? [])],
    contexts: [...(first.contexts ?? []), ...(second.contexts ?? [])],
  };
}

function refuseUnsupported(cluster: Cluster, user: User): void {
  const unsupported = cluster["proxy-url"] ? "proxy-url" : user["auth-provider"] ? "auth-provider" : undefined;
  if (unsupported) {
    throw new UserError(
      `this plugin does not support ${unsupported} in a kubeconfig; use an exec credential, or the official plugin`,
    );
  }
}

function credentials(user: User): Pick<Access, "cert" | "key" | "authorization"> {
  const cert = bytes(user["client-certificate-data"], user["client-certificate"]);
  const key = bytes(user["client-key-data"], user["client-key"]);
  if (user.exec) return execCredentials(user.exec);
  const token = user.token;
  const tokenFile = user.tokenFile;
  const basic = user.username ? Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64") : undefined;
  const authorization = () => {
    if (token) return `Bearer ${token}`;
    if (tokenFile) return `Bearer ${readFileSync(tokenFile, "utf8").trim()}`;
    return basic && `Basic ${basic}`;
  };
  return { ...optional("cert", cert), ...optional("key", key), authorization };
}

interface ExecStatus {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

/** Runs the credential command once, and again when what it gave has expired. */
function execCredentials(exec: Exec): Pick<Access, "cert" | "key" | "authorization"> {
  let status = runExec(exec);
  const authorization = () => {
    const expiry = status.expirationTimestamp && Date.parse(status.expirationTimestamp);
    if (expiry && expiry - Date.now() < 10_000) status = runExec(exec);
    return status.token && `Bearer ${status.token}`;
  };
  const pem = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text));
  return {
    ...optional("cert", pem(status.clientCertificateData)),
    ...optional("key", pem(status.clientKeyData)),
    authorization,
  };
}

function runExec(exec: Exec): ExecStatus {
  const apiVersion = exec.apiVersion ?? "client.authentication.k8s.io/v1";
  const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
  const extra = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  try {
    const env = { ...process.env, ...extra, KUBERNETES_EXEC_INFO: info };
    const text = execFileSync(exec.command, exec.args ?? [], {
      env,
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return JSON.parse(text).status ?? {};
  } catch (error) {
    throw new UserError(`the kubeconfig's credential command "${exec.command}" failed: ${(error as Error).message}`);
  }
}

function bytes(data: string | undefined, file: string | undefined): Buffer | undefined {
  if (data) return Buffer.from(data, "base64");
  if (!file) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`the kubeconfig names a file that cannot be read: ${(error as Error).message}`);
  }
}

/** An object with the entry, or without it when there is no value. */
function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

const names = (entries: { name: string }[] | undefined): string =>
  (entries ?? []).map(({ name }) => name).join(", ") || "none";
