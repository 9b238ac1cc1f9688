import { describe, expect, test } from "@jest/globals";
import { loadConfig } from "./load.ts";
import { runningLayers } from "./standby.ts";

const own = { endpoint: "https://s3.example.com", bucket: "media-dr", accessKey: "a", secretKey: "s" };
const source = { ...own, bucket: "media-prod" };
const load = (backups: object) =>
  loadConfig({
    stack: "dr",
    engine: {
      "media-platform:kubernetes": '{"context":"test"}',
      "media-platform:images": '{"registry":"registry.example.com"}',
      "media-platform:tier": "small",
      "media-platform:app": '{"firstAdmin":"admin@example.com"}',
      "media-platform:layers": '["data","app","observability","recovery"]',
      "media-platform:backups": JSON.stringify({ ...own, ...backups }),
    },
  });

describe("a standby", () => {
  test("runs what writes nothing; promoted, it runs all of its layers", () => {
    expect(runningLayers(load({ restoreFrom: source, standby: true }))).toEqual(["data", "observability"]);
    const all = ["data", "app", "observability", "recovery"];
    expect(runningLayers(load({ restoreFrom: source, standby: false }))).toEqual(all);
    expect(runningLayers(load({}))).toEqual(all);
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
