import { ApiError, errorOf, offline } from "./problems.ts";

/**
 * The session of this browser. The refresh token is in an HttpOnly cookie that only `/session` receives; the access token
 * lives in memory and is never stored.
 */
interface Access {
  accessToken: string;
  /** Milliseconds of `performance.now()` at which it is renewed. */
  renewAt: number;
}

const SPARE_MS = 30_000;
let access: Access | undefined;

export interface Credentials {
  email: string;
  password: string;
}

export async function signIn(credentials: Credentials): Promise<void> {
  access = await ask("POST", credentials);
}

export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE", headers: bearer() }).catch(() => undefined);
  access = undefined;
}

/** A valid access token; undefined when nobody is signed in. A refresh token is good once, so one tab at a time renews. */
export async function accessToken(): Promise<string | undefined> {
  if (access && performance.now() < access.renewAt) return access.accessToken;
  return navigator.locks.request("media-session", async () => {
    if (access && performance.now() < access.renewAt) return access.accessToken;
    try {
      access = await ask("PUT");
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      access = undefined;
    }
    return access?.accessToken;
  });
}

const bearer = (): Record<string, string> => (access ? { authorization: `Bearer ${access.accessToken}` } : {});

async function ask(method: "POST" | "PUT", body?: Credentials): Promise<Access> {
  const response = await fetch("/session", {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  }).catch(() => undefined);
  if (!response) throw offline();
  if (!response.ok) throw await errorOf(response);
  const { accessToken, expiresIn } = (await response.json()) as { accessToken: string; expiresIn: number };
  return { accessToken, renewAt: performance.now() + Math.max(1_000, expiresIn * 1_000 - SPARE_MS) };
}
