import { describe, expect, test } from "@jest/globals";
import { loadConfig } from "./load.ts";
import type { LayerName } from "./schema.ts";
import { runningLayers } from "./standby.ts";

const own = { endpoint: "https://s3.example.com", bucket: "media-dr", accessKey: "a", secretKey: "s" };
const source = { ...own, bucket: "media-prod" };
const load = (backups: object, layers = ["data", "app"]) =>
  loadConfig({
    stack: "dr",
    engine: {
      "media-platform:kubernetes": '{"context":"test"}',
      "media-platform:images": '{"registry":"registry.example.com"}',
      "media-platform:tier": "small",
      "media-platform:layers": JSON.stringify(layers),
      "media-platform:app": '{"firstAdmin":"admin@example.com"}',
      "media-platform:backups": JSON.stringify({ ...own, ...backups }),
    },
  });

describe("a standby", () => {
  test("runs what writes nothing; promoted, it runs all of its layers", () => {
    const all: LayerName[] = ["data", "app", "observability", "recovery"];
    const { backups } = load({ restoreFrom: source, standby: true });
    expect(runningLayers({ layers: all, backups })).toEqual(["data", "observability"]);
    for (const more of [{ restoreFrom: source, standby: false }, { restoreFrom: source }, {}])
      expect(runningLayers({ layers: all, backups: load(more).backups })).toEqual(all);
    expect(runningLayers({ layers: ["cluster"], backups: undefined })).toEqual(["cluster"]);
  });

  test("has receivers of alerts elsewhere: it runs no doubles", () => {
    const standby = { restoreFrom: source, standby: true };
    expect(() => load(standby, ["data", "observability"])).toThrow(
      /media-platform:app\.doubles: must be false: a standby \(backups\.standby\) runs no doubles/,
    );
    // The controls: promoted, and without alerts.
    load({ ...standby, standby: false }, ["data", "observability"]);
    load(standby, ["data"]);
  });

  test("needs a store to follow", () => {
    expect(() => load({ standby: true })).toThrow(
      /media-platform:backups\.restoreFrom: is missing: a standby \(backups\.standby\) follows the store that it names; for example/,
    );
  });

  test("does not follow its own store, however its address is written", () => {
    for (const endpoint of [own.endpoint, "https://S3.example.com:443/"])
      expect(() => load({ restoreFrom: { ...own, endpoint }, standby: true })).toThrow(/is the stack's own store/);
    // The controls: a new stack may begin from any store, and another bucket of the same store is another stack's.
    load({ restoreFrom: own });
    load({ restoreFrom: source, standby: true });
  });
});
