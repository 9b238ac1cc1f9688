import type { Step } from "../data/repositories/downloads.ts";
import type { Sighting } from "../upstreams/overseerr.ts";
import { type Look, pauseMs, planStep, SETTLED_MS } from "./follow-plan.ts";

const under = (progress: number, status: Step["status"] = "downloading"): Step => ({
  status,
  progress,
  overseerrId: 7,
});
const seen = (state: Sighting["state"], loaded = 0): Look => ({ seen: { state, loaded }, overseerrId: 7 });

test.each<[string, Step, Look, Step]>([
  ["waits", under(0, "queued"), seen("waiting"), under(0, "queued")],
  ["begins", under(0, "queued"), seen("downloading", 0.129), under(12)],
  ["goes on", under(12), seen("downloading", 0.5), under(50)],
  ["does not go back", under(50), seen("downloading", 0.2), under(50)],
  ["is not complete before it can be watched", under(50), seen("downloading", 1), under(99)],
  ["stays begun while it is put in its place", under(99), seen("waiting"), under(99)],
  ["ends well, from wherever it was", under(3), seen("available", 1), { ...under(100), status: "completed" }],
  ["ends badly where it was", under(3), seen("refused"), { ...under(3), status: "failed" }],
  ["stands while it cannot be seen", under(3), "unseen", under(3)],
  ["is asked for again when it is lost, and keeps its progress", under(3), "lost", { ...under(3), overseerrId: null }],
])("a download %s", (_what, before, look, after) => {
  expect(planStep(before, look, 0)).toEqual(after);
});

test.each<[string, Sighting["state"], number, Step]>([
  ["goes on while it is young", "partial", SETTLED_MS - 1, under(40)],
  ["ends well when nothing more came for a day", "partial", SETTLED_MS, { ...under(100), status: "completed" }],
  ["goes on as long as something is being loaded", "downloading", SETTLED_MS, under(40)],
  ["that has no part goes on, however old", "waiting", 99 * SETTLED_MS, under(40)],
])("a series of which a part is there %s", (_what, state, unchangedMs, after) => {
  expect(planStep(under(40), seen(state), unchangedMs)).toEqual(after);
});

test("the pause is a tenth of the age, from half a second to half a minute", () => {
  const now = Date.parse("2026-05-01T12:00:00Z");
  const ages = [0, 4_000, 60_000, 299_000, 86_400_000];
  const pauses = ages.map((age) => pauseMs({ createdAt: new Date(now - age).toISOString() }, now));
  expect(pauses).toEqual([500, 500, 6_000, 29_900, 30_000]);
});
