import type { Response } from "express";
import { escapeHtml as e, page } from "../../http/html.ts";
import { SIGN_IN } from "./person.ts";

/** The pages load nothing and run nothing: everything on them works by links and forms. */
export const PAGE_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
  "Cache-Control": "no-store",
};

export const show = (res: Response, html: string, status = 200) =>
  void res.status(status).set(PAGE_HEADERS).type("html").send(html);

export interface SignInWays {
  /** With address and password of an administrator's account. */
  local: boolean;
  /** At the OpenID Connect provider. */
  provider: boolean;
}

export function signInPage({ local, provider }: SignInWays, to: string, problem?: string): string {
  const told = problem ? `<p role="alert">${e(problem)}</p>` : "";
  const away = provider
    ? `<p><a href="${SIGN_IN}/provider?to=${e(encodeURIComponent(to))}">Sign in at your organisation</a></p>`
    : "";
  const form = `<form method="post" action="${SIGN_IN}"><input type="hidden" name="to" value="${e(to)}">
<p><label>Address <input name="email" type="email" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<button type="submit">Sign in</button></form>`;
  return page("Sign in to operations", `<main>${told}${away}${local ? form : ""}</main>`);
}

/**
 * Goes on by itself. A redirect would not do: the browser comes from the provider, and to what another site began it would
 * not send all that it has of ours.
 */
export function onwardPage(to: string): string {
  return page(
    "Signed in",
    `<meta http-equiv="refresh" content="0; url=${e(to)}"><main><p><a href="${e(to)}">Go on</a></p></main>`,
  );
}

/** `pages`: names of other programs' pages below /ops. */
export function indexPage(pages: readonly string[]): string {
  const links = pages.map((name) => `<li><a href="/ops/${e(name)}/">${e(name)}</a></li>`).join("");
  return page(
    "Operations",
    `<main><ul><li><a href="/incidents">incidents</a></li>${links}</ul>
<form method="post" action="/ops/sign-out"><button type="submit">Sign out</button></form></main>`,
  );
}
