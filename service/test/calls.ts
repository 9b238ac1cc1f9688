import { randomUUID } from "node:crypto";
import { keepsContract } from "./contract.ts";
import { DEV_TOKEN } from "./platform.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on whatever came
  body: any;
}

/** One call to a process of ours, with the dev token unless other headers are given. Whatever comes must be as specified. */
export async function call(port: number, path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { authorization: `Bearer ${DEV_TOKEN}`, ...(init.headers as Record<string, string>) };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
  const text = await answer.text();
  const type = answer.headers.get("content-type") ?? "";
  const body = /json/.test(type) ? JSON.parse(text) : text;
  keepsContract(init.method ?? "GET", path, { status: answer.status, type, body });
  return { status: answer.status, headers: answer.headers, body };
}

export function post(port: number, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return call(port, "/api/v1/requests", {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The value of one sample of /metrics; 0 when it is not there. */
export async function metric(adminPort: number, sample: string): Promise<number> {
  const { body } = await call(adminPort, "/metrics");
  const line = (body as string).split("\n").find((candidate) => candidate.startsWith(`${sample} `));
  return line ? Number(line.slice(sample.length).trim().split(" ")[0]) : 0;
}

/** A POST of JSON with the given token, or none. */
export function postAs(port: number, token: string, path: string, body: unknown = {}, more = {}): Promise<Answer> {
  const headers = { "content-type": "application/json", authorization: token && `Bearer ${token}`, ...more };
  return call(port, path, { method: "POST", body: JSON.stringify(body), headers });
}

export function getAs(port: number, token: string, path: string): Promise<Answer> {
  return call(port, path, { headers: { authorization: `Bearer ${token}` } });
}

export interface Person {
  id: string;
  email: string;
  token: string;
  refreshToken: string;
}

export const PASSWORD = "correct horse battery staple";

export async function signIn(port: number, email: string): Promise<Omit<Person, "id">> {
  const { body } = await postAs(port, "", "/api/v1/auth/login", { email, password: PASSWORD });
  return { email, token: body.accessToken, refreshToken: body.refreshToken };
}

/** A new account with the role, signed in. */
export async function person(port: number, name: string, role = "user"): Promise<Person> {
  const email = `${name}-${randomUUID()}@example.org`;
  const { body } = await postAs(port, "", "/api/v1/auth/register", { email, name, password: PASSWORD });
  if (role !== "user") await postAs(port, DEV_TOKEN, `/api/v1/admin/users/${body.id}/role`, { role });
  return { id: body.id, ...(await signIn(port, email)) };
}

/** What a client that retries sends with each try. */
export function idempotent(key: string): { "idempotency-key": string } {
  return { "idempotency-key": key };
}
