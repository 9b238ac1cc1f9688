/** An address for each page of the front end, in the order in which tests visit them. */
export const PAGES = [
  "/",
  "/login",
  "/requests",
  "/titles/movie/603",
  "/library",
  "/plans",
  "/status",
  "/admin",
] as const;

/** An address that no page has. */
export const NO_PAGE = "/no-such-page";
