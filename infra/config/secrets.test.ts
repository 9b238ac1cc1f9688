import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { loadConfig } from "./load.ts";
import { PUBLISHED_PASSPHRASE, passphraseOf } from "./secrets.ts";

const backups = { endpoint: "https://s3.example.com", bucket: "media-dev", accessKey: "AKIA", secretKey: "hush" };
const committed = {
  "media-platform:kubernetes": '{"context":"kind-media"}',
  "media-platform:images": '{"registry":"registry.example.com"}',
  "media-platform:tier": "small",
  "media-platform:layers": '["data"]',
};
const withKeys = { ...committed, "media-platform:backups": JSON.stringify(backups) };

function overlayWith(content: object): string {
  const folder = mkdtempSync(join(tmpdir(), "media-secrets-"));
  writeFileSync(join(folder, "dev.json"), JSON.stringify(content));
  return folder;
}

test("credentials in a stack's file are refused under the passphrase that everyone knows, by their names alone", () => {
  const load = () => loadConfig({ stack: "dev", engine: withKeys, passphrase: PUBLISHED_PASSPHRASE });
  expect(load).toThrow(/media-platform:backups\.accessKey\n.*media-platform:backups\.secretKey\n/);
  expect(load).toThrow("pulumi stack change-secrets-provider passphrase --stack dev");
  expect(load).not.toThrow(/hush|AKIA/);
});

test.each([
  [
    "deeper ones",
    { "media-platform:app": { upstreams: { plex: { credential: "t" } } } },
    "app.upstreams.plex.credential",
  ],
  ["receivers of alerts", { "media-platform:alerts": { pagerduty: { routingKey: "0123456789abcdef" } } }, "routingKey"],
  ["addresses that are secrets", { "media-platform:alerts": { slack: { critical: "https://x.example" } } }, "critical"],
])("%s too", (_what, section, path) => {
  const engine = Object.entries(section).map(([key, value]) => [key, JSON.stringify(value)]);
  const load = () =>
    loadConfig({
      stack: "dev",
      engine: { ...committed, ...Object.fromEntries(engine) },
      passphrase: PUBLISHED_PASSPHRASE,
    });
  expect(load).toThrow(path);
});

test("the control: another passphrase, a stack without credentials, and those that this machine generates are let through", () => {
  for (const passphrase of ["a passphrase of one's own", undefined])
    expect(loadConfig({ stack: "dev", engine: withKeys, passphrase }).backups?.secretKey).toBe("hush");
  const generated = { engine: committed, overlayFolder: overlayWith({ backups }), passphrase: PUBLISHED_PASSPHRASE };
  expect(loadConfig({ stack: "dev", ...generated }).backups?.secretKey).toBe("hush");
  const shown = { ...backups, accessKey: "placeholder-1", secretKey: "placeholder-2" };
  const engine = { ...committed, "media-platform:backups": JSON.stringify(shown) };
  expect(() => loadConfig({ stack: "dev", engine, passphrase: PUBLISHED_PASSPHRASE })).not.toThrow();
});

test("the passphrase is read as the engine reads it", () => {
  const file = join(overlayWith({}), "passphrase");
  writeFileSync(file, `${PUBLISHED_PASSPHRASE}\n`);
  expect(passphraseOf({ PULUMI_CONFIG_PASSPHRASE_FILE: file })).toBe(PUBLISHED_PASSPHRASE);
  expect(passphraseOf({ PULUMI_CONFIG_PASSPHRASE: "own", PULUMI_CONFIG_PASSPHRASE_FILE: file })).toBe("own");
  expect(passphraseOf({})).toBeUndefined();
});
