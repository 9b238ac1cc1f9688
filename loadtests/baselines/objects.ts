import { createHash } from "node:crypto";
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { AwsV4Signer } from "aws4fetch";
import { UserError } from "../lib/errors.ts";

/** What a stack's output `backupStore` says. */
export interface StoreAccess {
  /** `https://s3.example.com`, or a Service of the cluster: `https://backup-store.media-base:9000` */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Certificate authority of the endpoint, PEM. @default the system's */
  readonly caPem?: string | null | undefined;
}

export interface StoredObject {
  readonly key: string;
  /** When it was written, ISO 8601. */
  readonly modified: string;
}

const TIMEOUT_SECONDS = 15;

/** Objects of an S3 bucket: listed, read, and written. Requests are signed by AWS Signature Version 4, bodies too. */
export class Objects {
  readonly #access: StoreAccess;
  readonly #port: number | undefined;

  /** @param port of this machine's loopback that leads to the endpoint. @default the endpoint itself is reached */
  constructor(access: StoreAccess, port?: number) {
    this.#access = access;
    this.#port = port;
  }

  /** All objects whose key begins with a prefix. */
  async list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let more = "";
    do {
      const query = new URLSearchParams({ "list-type": "2", prefix, ...(more && { "continuation-token": more }) });
      const page = (await this.#call("GET", `?${query}`)).toString();
      for (const [, contents = ""] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs))
        found.push({ key: textOf(contents, "Key"), modified: textOf(contents, "LastModified") });
      more = textOf(page, "NextContinuationToken");
    } while (more);
    return found;
  }

  get(key: string): Promise<Buffer> {
    return this.#call("GET", `/${key}`);
  }

  /** The object is there whole, or as it was before. */
  async put(key: string, body: Buffer): Promise<void> {
    await this.#call("PUT", `/${key}`, body);
  }

  async #call(method: string, path: string, body: Buffer = Buffer.alloc(0)): Promise<Buffer> {
    const { endpoint, bucket, region, accessKey, secretKey, caPem } = this.#access;
    const signed = await new AwsV4Signer({
      method,
      url: `${endpoint.replace(/\/$/, "")}/${bucket}${path}`,
      headers: { "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") },
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      region,
      service: "s3",
    }).sign();
    const { url } = signed;
    const options = {
      method,
      headers: {
        ...Object.fromEntries(signed.headers),
        host: url.host,
        ...(method === "PUT" && { "content-length": body.length }),
      },
      path: `${url.pathname}${url.search}`,
      host: this.#port === undefined ? url.hostname : "127.0.0.1",
      port: this.#port ?? (url.port || undefined),
      servername: url.hostname,
      agent: false as const,
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1_000),
      ...(caPem && { ca: caPem }),
    };
    return new Promise<Buffer>((resolve, reject) => {
      const request = (url.protocol === "https:" ? secure : plain)(options, async (response) => {
        try {
          const answer = Buffer.concat(await response.toArray());
          const { statusCode = 0 } = response;
          if (statusCode === 200) resolve(answer);
          else reject(new Error(`the store answered ${statusCode}: ${textOf(answer.toString(), "Code") || method}`));
        } catch (error) {
          reject(error);
        }
      });
      request.on("error", reject).end(body);
    }).catch((error: Error) => {
      throw new UserError(`${endpoint}: ${error.message}`, "look at the store, and at the stack's output backupStore");
    });
  }
}

/** Text of the first element of a name; keys and times of ours have nothing that XML escapes. */
const textOf = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
