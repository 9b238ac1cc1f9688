import { parseCursor, toPage } from "./page.ts";

const ID = "00000000-0000-4000-8000-000000000000";
const row = (at: string) => ({ at, id: ID });

test.each([
  "2026-10-20 08:45:51.123456+00",
  "2026-10-20 08:45:51+00",
  "2024-02-29 23:59:59.9+05:30",
  "0001-01-01 00:00:00-12",
  "9999-12-31 23:59:59+14",
])("the cursor behind %s leads there", (at) => {
  const { nextCursor } = toPage([row(at), row(at)], 1, () => undefined);
  expect(parseCursor(nextCursor ?? undefined)).toEqual(row(at));
});

test.each(["2026-02-29 00:00:00+00", "2026-13-01 00:00:00+00", "0000-01-01 00:00:00+00", "2026-01-01 00:00:00+15"])(
  "%s is no time",
  (at) => {
    const cursor = Buffer.from(`${at}|${ID}`).toString("base64url");
    expect(() => parseCursor(cursor)).toThrow(expect.objectContaining({ code: "validation-failed" }));
  },
);
