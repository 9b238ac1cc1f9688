import { X509Certificate } from "node:crypto";
import { expect, test } from "@jest/globals";
import { rotationPlan, type StepName } from "../config/rotation.ts";
import { configOf, SECRET_MARK, type Stack } from "./fixtures.ts";
import { type Rendered, render } from "./render.ts";

/** Whole stacks at the steps of a rotation of all that they generate. */

async function at(stack: Stack, step: StepName): Promise<Rendered> {
  const credentials = rotationPlan(stack, "all", {}).find(({ name }) => name === step)?.generations;
  return render(
    stack,
    {},
    configOf(stack, (added) => void Object.assign(added, { credentials })),
  );
}

function secretFile({ resources }: Rendered, secret: string, file: string): string {
  const found = resources.find(({ type, name }) => type === "kubernetes:core/v1:Secret" && name === secret);
  const data = found?.inputs.data as Record<string, string> | undefined;
  return Buffer.from(data?.[file] ?? "", "base64").toString("utf8");
}

const certificates = (pems: string) => pems.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
const mark = (name: string) => `${SECRET_MARK}${name}`;

test("in the first step the new ones are accepted, and clients show the old ones", async () => {
  const dev = await at("dev", "accepted");
  expect(secretFile(dev, "api-media", "token-key")).toBe(
    `${mark("token-key-password")}\n${mark("token-key-password-2")}`,
  );
  expect(secretFile(dev, "api-media", "redis-state-password")).toBe(mark("redis-state-password"));
  expect(secretFile(dev, "redis-state-auth", "auth.conf")).toContain(
    `>${mark("redis-state-password")} >${mark("redis-state-password-2")}\nmasterauth ${mark("redis-state-password")}\n`,
  );
  // Clients trust both authorities, and the gateway still shows what the first one signed.
  const [first, second] = certificates(String(dev.outputs.caPem));
  const [leaf, issuer] = certificates(secretFile(dev, "gateway-tls", "tls.crt"));
  expect(issuer).toBe(first);
  const isOf = (authority = "") => new X509Certificate(leaf ?? "").verify(new X509Certificate(authority).publicKey);
  expect([isOf(first), isOf(second)]).toEqual([true, false]);
}, 60_000);

test("in the second step clients show the new ones, and the old ones are still accepted", async () => {
  const [dev, base] = [await at("dev", "used"), await at("base", "used")];
  expect(secretFile(dev, "api-media", "token-key")).toBe(
    `${mark("token-key-password-2")}\n${mark("token-key-password")}`,
  );
  expect(secretFile(dev, "api-media", "redis-state-password")).toBe(mark("redis-state-password-2"));
  expect(secretFile(dev, "alertmanager-receivers", "responder-token")).toBe(mark("responder-webhook-password-2"));
  expect(dev.outputs.credentials).toMatchObject({ devToken: mark("dev-token-password-2") });

  const { dev: tenant } = base.outputs.backupStoreTenants as Record<string, Record<string, string>>;
  expect(tenant).toMatchObject({
    bucket: "media-dev",
    accessKey: "media-dev-2",
    secretKey: mark("backup-store-dev-2"),
  });
  const { accessAccounts } = JSON.parse(secretFile(base, "backup-store-users", "users.json"));
  expect(accessAccounts).toMatchObject({
    "media-dev": { secret: mark("backup-store-dev") },
    "media-dev-2": { secret: mark("backup-store-dev-2") },
    "media-dev-expiry-2": { secret: mark("backup-store-dev-expiry-2") },
  });
  // The key of the backups stays: what lies in the store is encrypted by it.
  expect(tenant?.cipherPass).toBe(mark("backup-store-dev-cipher"));
}, 60_000);

test("in the last step nothing of the old ones is left", async () => {
  const dev = await at("dev", "alone");
  const text = JSON.stringify(dev.resources.filter(({ type }) => type.startsWith("random:")).map(({ name }) => name));
  for (const name of ["token-key", "redis-state", "dev-token", "patroni", "database"]) {
    expect(text).toContain(`"${name}-password-2"`);
    expect(text).not.toContain(`"${name}-password"`);
  }
  expect(certificates(String(dev.outputs.caPem))).toHaveLength(1);
}, 60_000);
