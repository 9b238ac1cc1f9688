import { connect } from "node:net";
import { CATALOGUE, isProblemCode } from "../src/errors/catalogue.ts";
import { keepsContract } from "./contract.ts";

export interface RawRequest {
  method: string;
  /** As it goes on the wire: nothing in it is encoded or normalised. */
  path: string;
  /** Whole lines, so that they can be doubled and malformed; `Content-Length` is added where there is a body. */
  headers?: string[];
  body?: Buffer | string | undefined;
}

export interface RawAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on whatever came
  body: any;
  ms: number;
}

/** One call on a connection of its own, in bytes that no HTTP client would send. The answer must keep the contract. */
export async function sendRaw(port: number, { method, path, headers = [], body }: RawRequest): Promise<RawAnswer> {
  const bytes = Buffer.from(body ?? "");
  const length = body === undefined ? [] : [`Content-Length: ${bytes.length}`];
  const head = [`${method} ${path} HTTP/1.1`, "Host: api", "Connection: close", ...length, ...headers, "", ""];
  const started = performance.now();
  const answer = parse(await exchange(port, Buffer.concat([Buffer.from(head.join("\r\n"), "latin1"), bytes])));
  const ms = performance.now() - started;
  const type = answer.headers.get("content-type") ?? "";
  if (type) keepsContract(method, path, { ...answer, type });
  return { ...answer, ms };
}

async function exchange(port: number, bytes: Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  const chunks: Buffer[] = [];
  // A refusal may come before all is sent, and the connection be reset behind it.
  await new Promise<void>((resolve) =>
    socket
      .on("data", (chunk) => chunks.push(chunk))
      .on("error", () => {})
      .once("close", () => resolve()),
  );
  return Buffer.concat(chunks).toString();
}

function parse(text: string): Omit<RawAnswer, "ms"> {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const fields = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  const headers = new Headers(fields as [string, string][]);
  const content = rest.join("\r\n\r\n");
  const body = headers.get("content-type")?.includes("json") ? JSON.parse(content) : content;
  return { status: Number(first.split(" ")[1]), headers, body };
}

/** What is wrong with the answer to bad input; nothing where it is as it should be. */
export function complaints({ status, headers, body, ms }: RawAnswer): string[] {
  const isProblem = headers.get("content-type")?.startsWith("application/problem+json") ?? false;
  const known = isProblemCode(body?.code) && CATALOGUE[body.code as keyof typeof CATALOGUE].status === status;
  return [
    ...(status >= 200 && status < 500 ? [] : [`status ${status}: ${JSON.stringify(body)}`]),
    ...(status >= 400 && !(isProblem && known) ? [`no problem document: ${JSON.stringify(body)}`] : []),
    ...(ms < 1_000 ? [] : [`answered after ${Math.round(ms)} ms`]),
    ...(headers.get("set-cookie") === null ? [] : ["a header was injected"]),
  ];
}
