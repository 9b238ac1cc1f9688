import { readFileSync } from "node:fs";

/** Keys of the configuration whose values are credentials, wherever they stand. */
export const SECRET_KEYS: readonly string[] = [
  "credential",
  "accessKey",
  "secretKey",
  "cipherPass",
  "paymentWebhookKey",
  "routingKey",
  "webhookSecret",
  "signingSecret",
  "password",
  "token",
  // Slack's incoming webhooks: who has the address may write.
  "critical",
  "monitoring",
];

/** The passphrase of stacks whose secrets are worth nothing outside their machine; the salt is committed with them. */
export const PUBLISHED_PASSPHRASE = "media-platform";

/** The passphrase that the engine takes from the environment, if any. */
export function passphraseOf(env: Record<string, string | undefined>): string | undefined {
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = env;
  return given || !file ? given : readFileSync(file, "utf8").trim();
}

/** What `make preview-report` renders in place of an encrypted value. */
const PLACEHOLDER = /^placeholder-/;

/** Paths of the credentials in a section of the stack's file. */
export function credentialsIn(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) {
    const isSecret = SECRET_KEYS.includes(path.split(/[.:]/).at(-1) ?? "");
    return isSecret && value && !PLACEHOLDER.test(String(value)) ? [path] : [];
  }
  return Object.entries(value).flatMap(([key, inner]) => credentialsIn(inner, `${path}.${key}`));
}

/** Why a stack may not have its credentials under this passphrase; nothing where it may. */
export function publishedSecrets(stack: string, sections: object, passphrase: string | undefined): string | undefined {
  if (passphrase !== PUBLISHED_PASSPHRASE) return undefined;
  const found = Object.entries(sections).flatMap(([name, section]) => credentialsIn(section, `media-platform:${name}`));
  if (found.length === 0) return undefined;
  return [
    `Pulumi.${stack}.yaml holds credentials, and the stack's passphrase is the one in this repository, which every reader knows:`,
    ...found.map((path) => `  - ${path}`),
    "Give out new ones where the file has left this machine, and set them under a passphrase of your own:",
    `  pulumi stack change-secrets-provider passphrase --stack ${stack}, and that passphrase in PULUMI_CONFIG_PASSPHRASE from then on;`,
    `  or a stack of your own: remove the line encryptionsalt from Pulumi.${stack}.yaml before pulumi stack init.`,
  ].join("\n");
}
