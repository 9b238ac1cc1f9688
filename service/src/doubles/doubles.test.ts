import { createFaults, knobs } from "./faults.ts";
import { titlePayload } from "./titles.ts";

describe("faults", () => {
  const failures = (rate: number, calls: number) => {
    const faults = createFaults();
    faults.set(knobs.parse({ errorRate: rate, errorStatus: 500 }));
    return Array.from({ length: calls }, () => faults.next().failWith === 500);
  };

  test("errors are spread evenly and the same every time", () => {
    expect(failures(0.25, 8)).toEqual([false, false, false, true, false, false, false, true]);
    expect(failures(1, 3)).toEqual([true, true, true]);
    expect(failures(0, 100)).not.toContain(true);
    expect(failures(0.37, 100).filter(Boolean)).toHaveLength(37);
  });

  test("a flapping service is up first, then down, then up again", () => {
    let now = 0;
    const faults = createFaults(() => now);
    faults.set(knobs.parse({ flap: { upMs: 100, downMs: 50 } }));
    const at = (ms: number) => {
      now = ms;
      return faults.next().failWith;
    };
    expect([0, 99, 100, 149, 150].map(at)).toEqual([undefined, undefined, 503, 503, undefined]);
  });

  test("knobs that do not exist are refused", () => {
    expect(knobs.safeParse({ errorrate: 1 }).success).toBe(false);
    expect(knobs.safeParse({ errorRate: 1.5 }).success).toBe(false);
  });
});

describe("titles", () => {
  test("the same id gives the same answer, another another", () => {
    expect(titlePayload("movie", 77)).toEqual(titlePayload("movie", 77));
    expect(titlePayload("movie", 77)).not.toEqual(titlePayload("movie", 78));
  });

  test("a movie has a title and a series a name, as at TMDB", () => {
    expect(titlePayload("movie", 603)).toMatchObject({ id: 603, title: "The Matrix", release_date: "1999-03-31" });
    expect(titlePayload("tv", 1399)).toMatchObject({ id: 1399, name: "Game of Thrones" });
    expect(titlePayload("tv", 1399)).not.toHaveProperty("title");
  });

  test("made-up titles are many, and their dates are dates", () => {
    const payloads = Array.from({ length: 500 }, (_, id) => titlePayload("movie", id + 1_000_000));
    expect(new Set(payloads.map(({ title }) => title)).size).toBeGreaterThan(100);
    for (const { release_date } of payloads) expect(Number.isNaN(Date.parse(String(release_date)))).toBe(false);
  });
});
