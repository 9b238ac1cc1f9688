import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler } from "express";
import { createTokens } from "../src/auth/tokens.ts";
import { toProblem } from "../src/errors/problem.ts";
import { mountSignIn, type SignInDeps } from "../src/responder/sign-in/routes.ts";

export const PAGES_DEV_TOKEN = "dev-token-of-the-pages";
const KEY = "token-key-of-the-pages";
export const tokens = createTokens(KEY);
export const pageTokens = createTokens(KEY, Date.now, "pages");

/** Sessions in memory: open until they are closed; `away` stands for a state Redis that does not answer. */
export function sessionsInMemory() {
  const open = new Set<string>();
  const state = { away: false, count: 0 };
  return {
    state,
    isOpen: async (id: string) => (state.away ? undefined : open.has(id)),
    open: async (userId: string) => {
      const id = `session-${++state.count}-of-${userId}`;
      open.add(id);
      return { id, userId, refreshToken: "" };
    },
    close: async (id: string) => void open.delete(id),
    closeAllOf: async () => {},
    ownerOf: async () => undefined,
    rotate: async () => {
      throw new Error("not used here");
    },
  };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Of `Set-Cookie`: the values by name; an empty one was taken away. */
  cookies: Record<string, string>;
}

/** The sign-in of the operators' pages by itself, and a browser that keeps no cookie but those it is given. */
export async function startPages(changes: Partial<SignInDeps> = {}) {
  const sessions = sessionsInMemory();
  const app = express();
  mountSignIn(app, {
    tokens,
    pageTokens,
    devTokens: [PAGES_DEV_TOKEN],
    sessions,
    apiUrl: "http://127.0.0.1:1",
    local: true,
    pages: ["prometheus"],
    log: { info: () => {}, warn: () => {} },
    ...changes,
  });
  app.use(((error, _req, res, _next) => {
    const { status, code, headers } = toProblem(error);
    res.status(status).set(headers).json({ code });
  }) satisfies ErrorRequestHandler);
  const { url, stop } = await serve(app);
  const visit = (path: string, init: RequestInit = {}) => call(url + path, init);
  return { url, sessions, visit, stop };
}

/** Asks without following a redirect. */
export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const pairs = answer.headers.getSetCookie().map((line) => /^([^=]+)=([^;]*)/.exec(line)?.slice(1) ?? []);
  return {
    status: answer.status,
    headers: answer.headers,
    text: await answer.text(),
    cookies: Object.fromEntries(pairs),
  };
}

export async function serve(listener: RequestListener): Promise<{ url: string; stop(): Promise<void> }> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export const COOKIE = "__Secure-media-operator";
/** What a browser says that opens a page. */
export const BROWSER = { accept: "text/html,application/xhtml+xml" };
