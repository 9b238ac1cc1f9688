/**
 * Pages as the service counts them: templates of routes, never the address itself, which could tell who looked at what.
 * The list is that of `POST /api/v1/rum`; other pages report as `other`.
 */
const TEMPLATES: readonly (readonly [RegExp, string])[] = [
  [/^\/$/, "/"],
  [/^\/login$/, "/login"],
  [/^\/requests$/, "/requests"],
  [/^\/titles\/[a-z]+\/\d+$/, "/titles/{mediaType}/{tmdbId}"],
  [/^\/library$/, "/library"],
  [/^\/plans$/, "/plans"],
  [/^\/admin$/, "/admin"],
];

export function templateOf(path: string): string {
  return TEMPLATES.find(([pattern]) => pattern.test(path))?.[1] ?? "other";
}
