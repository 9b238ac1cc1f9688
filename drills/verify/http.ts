import { request as plain } from "node:http";
import { type RequestOptions, request as secure } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  /** Certificate authority to trust, PEM. */
  readonly ca?: string;
  /** @default 5 */
  readonly timeoutSeconds?: number;
}

/** Makes one HTTP(S) call. Node's fetch takes no certificate authority, so this uses node:https. */
export function call(
  url: string,
  { method = "GET", headers = {}, body, text: plainText, ca, timeoutSeconds = 5 }: Call = {},
): Promise<Answer> {
  const text = body === undefined ? plainText : JSON.stringify(body);
  const type = body === undefined ? "text/plain" : "application/json";
  const options: RequestOptions = {
    method,
    headers: {
      ...headers,
      ...(text === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) }),
    },
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
    agent: false,
    ...(ca ? { ca } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? secure : plain)(url, options, async (response) => {
      try {
        const chunks = await response.toArray();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject).end(text);
  });
}

/** The body as JSON. @throws where the status is not one of the expected, with the body */
export function json<T>(answer: Answer, ...expected: number[]): T {
  if (!expected.includes(answer.status))
    throw new Error(`answered ${answer.status}, not ${expected.join(" or ")}: ${answer.text.slice(0, 300)}`);
  return JSON.parse(answer.text) as T;
}
