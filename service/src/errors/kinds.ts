/** Where an error arises. */
export const SOURCES = ["client", "service", "database", "network", "external"] as const;
/** What kind of error it is. */
export const CLASSES = ["validation", "authentication", "authorization", "business", "system"] as const;
/** Which layer handles it: the caller, the gateway (before any work is done), the domain, or the data layer. */
export const LAYERS = ["client", "gateway", "service", "database"] as const;

export interface Entry {
  status: number;
  class: (typeof CLASSES)[number];
  source: (typeof SOURCES)[number];
  layer: (typeof LAYERS)[number];
  title: string;
  /** What the caller can do about it: the document's `hint`, and on the page /problems/<code>. */
  remedy: string;
}

/** The remedy of what passes by itself. */
export const WAIT = "Wait for the seconds in `Retry-After`.";
