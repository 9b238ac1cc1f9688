/** A value that must be nowhere but where secrets are kept. */
export interface Canary {
  /** What a report calls it; the value itself is never shown. */
  readonly name: string;
  readonly value: string;
}

/** A text to look for. */
export interface Needle {
  readonly canary: string;
  readonly form: "plain" | "base64" | "JSON" | "URL";
  readonly text: string;
}

/** Shorter values would be found by chance. */
const SHORTEST = 12;
/** A value of fewer different characters is no secret. */
const FEWEST_CHARACTERS = 4;

/** The forms in which a value may lie about: plain, escaped, and as base64 alone or within a longer text. */
export function needlesOf(canaries: readonly Canary[]): Needle[] {
  const found = new Map<string, Needle>();
  for (const { name: canary, value } of canaries) {
    if (value.length < SHORTEST) throw new Error(`the value of ${canary} is shorter than ${SHORTEST} characters`);
    const add = (form: Needle["form"], text: string) => {
      if (!found.has(text)) found.set(text, { canary, form, text });
    };
    add("plain", value);
    add("JSON", JSON.stringify(value).slice(1, -1));
    add("URL", encodeURIComponent(value));
    for (const text of [0, 1, 2].map((offset) => base64At(value, offset))) {
      add("base64", text);
      add("base64", text.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }
  return [...found.values()];
}

/** What a base64 text has for the value where `offset` bytes (modulo 3) are before it, whatever stands around it. */
function base64At(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  return bytes.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

interface SecretObject {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** Files of a Secret that are not secret themselves. */
const PUBLIC = /(^|[-_.])(ca|cert|crt|username|user|certificate)(\.(crt|pem))?$|\.crt$/;

/** The values of Secrets, as Kubernetes lists them: passwords and tokens whole, of a private key its first line, of a file its long words. */
export function canariesOf(secrets: readonly SecretObject[]): Canary[] {
  const byValue = new Map<string, Canary>();
  for (const { metadata, data } of secrets)
    for (const [file, encoded] of Object.entries(data ?? {})) {
      if (PUBLIC.test(file)) continue;
      for (const value of valuesOf(Buffer.from(encoded, "base64").toString())) {
        if (!byValue.has(value)) byValue.set(value, { name: `${metadata.name}/${file}`, value });
      }
    }
  return [...byValue.values()];
}

function valuesOf(text: string): string[] {
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.+)\n/.exec(text)?.[1];
  if (key) return [key];
  if (text.includes("-----BEGIN ")) return [];
  const whole = text.trim();
  // A placeholder, as the key for a sink that takes any, is no secret: one character over and over.
  if (new Set(whole).size < FEWEST_CHARACTERS) return [];
  // An address inside the cluster, as the sink's: an address that is a secret by its path goes by https.
  if (/^http:\/\/[^\s@]+$/.test(whole)) return [];
  if (!/\s/.test(whole)) return whole.length >= SHORTEST ? [whole] : [];
  return whole
    .split(/[\s"'=,]+/)
    .filter((word) => word.length >= 20 && /[a-z]/i.test(word) && /\d/.test(word) && !/[/:]/.test(word));
}
