export const CENSORED = "[redacted]";

/** Fields that are never written, however deep in a logged object they stand and however they are capitalised. */
const SECRET_FIELDS =
  "(?:proxy-)?authorization|(?:set-)?cookie|password(?:_?hash)?|(?:(?:access|refresh|id)_?)?token|(?:client|access)?_?secret(?:_?key)?|(?:api|access|private|x-api)?[_-]?key|x-plex-token|e-?mail";
/** A field with its text, number or list of texts; and the same in JSON that is quoted inside a text. */
const IN_JSON = new RegExp(`("(?:${SECRET_FIELDS})":)(?:"(?:[^"\\\\]|\\\\.)*"|\\[[^\\]]*\\]|[\\d.]+)`, "gi");
const IN_QUOTED_JSON = new RegExp(`(\\\\"(?:${SECRET_FIELDS})\\\\":\\s*)\\\\".*?\\\\"`, "gi");

/** What gives a secret away inside a text, with a piece of it that is quickly looked for. */
const SECRET_TEXTS: { sign: string; pattern: RegExp; instead: string }[] = [
  // Of an address that holds user and password.
  { sign: "://", pattern: /(:\/\/)[^\s/"'@\\]*:[^\s/"'@\\]*@/g, instead: `$1${CENSORED}@` },
  { sign: "@", pattern: /[^\s"\\<>(),:;@]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/gi, instead: CENSORED },
  { sign: "earer ", pattern: /(bearer )[\w.~+/=-]+/gi, instead: `$1${CENSORED}` },
  { sign: "asic ", pattern: /(basic )[A-Za-z0-9+/]{6,}=*/gi, instead: `$1${CENSORED}` },
  // A JSON web token is known by its head, which is JSON: `{"` in base64.
  { sign: "eyJ", pattern: /eyJ[\w-]+(?:\.[\w-]*){1,2}/g, instead: CENSORED },
  {
    sign: "=",
    pattern:
      /\b((?:x-plex-token|(?:access_|refresh_|api_?)?(?:token|key)|password|passwd|pwd|secret|sid|session)=)[^\s&;"'\\]+/gi,
    instead: `$1${CENSORED}`,
  },
];

/**
 * Takes secrets out of a line of the log, wherever in it they are: in a message, in an error's stack, in an address.
 * What it puts instead has no quotes, so the line stays JSON.
 */
export function createRedactor(secrets: readonly string[]): (line: string) => string {
  const exact = secrets.filter((secret) => secret.length >= MIN_SECRET);
  return (line) => {
    let clean = line.replace(IN_JSON, `$1"${CENSORED}"`);
    if (clean.includes('\\"')) clean = clean.replace(IN_QUOTED_JSON, `$1\\"${CENSORED}\\"`);
    for (const secret of exact) if (clean.includes(secret)) clean = clean.replaceAll(secret, CENSORED);
    for (const { sign, pattern, instead } of SECRET_TEXTS)
      if (clean.includes(sign)) clean = clean.replace(pattern, instead);
    return clean;
  };
}

/** A shorter one would be found in innocent words. */
const MIN_SECRET = 8;

interface LoggedError {
  type: string;
  message: string;
  stack?: string;
  code?: string;
  causes?: LoggedError[];
}

const MAX_CAUSES = 4;

/**
 * An error without what libraries hang on it: PostgreSQL's `detail` quotes the row, ioredis' `command` has the
 * arguments, HTTP clients' errors have the headers.
 */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === "object" ? `[${typeof error}]` : error;
  const { code } = error as Error & { code?: unknown };
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  const causes = depth < MAX_CAUSES ? inner.filter((cause) => cause instanceof Error) : [];
  return {
    type: error.constructor.name,
    message: error.message,
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(typeof code === "string" && { code }),
    ...(causes.length > 0 && { causes: causes.map((cause) => describeError(cause, depth + 1) as LoggedError) }),
  } satisfies LoggedError;
}
