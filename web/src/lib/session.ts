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
/** Undefined until it is known; null where it could not be asked for. */
let signedIn: boolean | null | undefined;
const listeners = new Set<() => void>();

export interface Credentials {
  email: string;
  password: string;
}

/** For `useSyncExternalStore`: whether a user is signed in; null where that could not be asked for. */
export const session = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isSignedIn: () => signedIn,
  /** Asks whether there is a session. Where the service is away, pages say that, and not that the user is signed out. */
  look(): void {
    accessToken().catch(() => {
      signedIn ??= null;
      tell();
    });
  },
};

export async function signIn(credentials: Credentials): Promise<void> {
  keep(await ask("POST", credentials));
}

export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE", headers: bearer() }).catch(() => undefined);
  keep(undefined);
}

/** A valid access token; undefined when no user is signed in. A refresh token is good once, so one tab at a time renews. */
export async function accessToken(): Promise<string | undefined> {
  if (isFresh()) return access?.accessToken;
  return navigator.locks.request("media-session", async () => {
    if (isFresh()) return access?.accessToken;
    try {
      keep(await ask("PUT"));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      keep(undefined);
    }
    return access?.accessToken;
  });
}

const isFresh = () => access !== undefined && performance.now() < access.renewAt;
const bearer = (): Record<string, string> => (access ? { authorization: `Bearer ${access.accessToken}` } : {});

function keep(next: Access | undefined): void {
  access = next;
  signedIn = next !== undefined;
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

async function ask(method: "POST" | "PUT", body?: Credentials): Promise<Access | undefined> {
  const response = await fetch("/session", {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  }).catch(() => undefined);
  if (!response) throw offline();
  if (!response.ok) throw await errorOf(response);
  // No cookie, no session.
  if (response.status === 204) return undefined;
  const { accessToken, expiresIn } = (await response.json()) as { accessToken: string; expiresIn: number };
  return { accessToken, renewAt: performance.now() + Math.max(1_000, expiresIn * 1_000 - SPARE_MS) };
}
