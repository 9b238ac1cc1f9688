import { UPSTREAM_REQUEST_DURATION_SECONDS } from "../src/observability/metrics/names.ts";
import type { Running } from "../src/process/lifecycle.ts";
import type { Upstream } from "../src/resilience/policies.ts";
import { call, getAs, metric, person } from "./calls.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
});
afterAll(() => platform?.stop());

const asked = (service: Upstream, outcome: string) =>
  `${UPSTREAM_REQUEST_DURATION_SECONDS}_count{upstream="${service}",outcome="${outcome}"}`;
const get = (path: string) => call(api.httpPort, `/api/v1${path}`);

test("discover: a page of what is popular, films and series", async () => {
  const films = await get("/discover?mediaType=movie");
  expect(films).toMatchObject({ status: 200, body: { page: 1, totalPages: 500 } });
  expect(films.body.items).toHaveLength(20);
  expect(films.body.items[12]).toMatchObject({ mediaType: "movie", tmdbId: 13, title: "Forrest Gump", year: 1994 });
  const series = await get("/discover?mediaType=tv&page=2");
  expect(series.body).toMatchObject({ page: 2 });
  expect(series.body.items[0]).toMatchObject({ mediaType: "tv", tmdbId: 21 });
});

test("search, also for what would mean something in a URL", async () => {
  const found = async (query: string) => (await get(`/search?mediaType=movie&query=${query}`)).body;
  const [odd, part, again] = [await found("a%26page%3D7%20%C3%A4"), await found("a"), await found("a")];
  expect(odd).toMatchObject({ page: 1 });
  expect(odd.items).toHaveLength(20);
  // The whole query arrived: what TMDB finds for it is not what it finds for its beginning.
  expect(odd.items[0].tmdbId).not.toBe(part.items[0].tmdbId);
  expect(again).toEqual(part);
  for (const bad of ["mediaType=movie", "query=x", "mediaType=book&query=x", "mediaType=tv&query=x&page=0"])
    expect(await get(`/search?${bad}`)).toMatchObject({ status: 422 });
});

test("TMDB's double refuses a search that looks for nothing, as TMDB does", async () => {
  const search = (query: string) =>
    fetch(`http://127.0.0.1:${platform.doubles.httpPort}/tmdb/3/search/movie${query}`, {
      headers: { authorization: "Bearer tmdb-token-of-the-tests" },
    });
  expect((await search("?query=x")).status).toBe(200);
  for (const query of ["", "?query=", "?page=2"]) {
    const answer = await search(query);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toEqual({ errors: ["query must be provided"] });
  }
});

test("trailers are those that TMDB knows; YouTube is not asked for them", async () => {
  const trailer = {
    videoId: "Trailer-603",
    title: "The Matrix | Trailer",
    url: "https://www.youtube.com/watch?v=Trailer-603",
  };
  expect((await get("/titles/movie/603/trailers")).body).toEqual({ items: [trailer] });
  expect(await metric(api.adminPort, asked("youtube", "200"))).toBe(0);
});

test("where TMDB has none, YouTube is searched by the title that TMDB knows", async () => {
  const { body } = await get("/titles/movie/604/trailers");
  expect(body.items).toHaveLength(5);
  expect(body.items[0]).toEqual({
    videoId: "double-0",
    title: expect.stringMatching(/^The \w+ \w+ official trailer \(1\)$/),
    url: "https://www.youtube.com/watch?v=double-0",
  });
  expect(await metric(api.adminPort, asked("youtube", "200"))).toBe(1);
  expect(await get("/titles/movie/900000001/trailers")).toMatchObject({ status: 422, body: { code: "unknown-title" } });
  for (const bad of ["/titles/book/1/trailers", "/titles/movie/x/trailers"])
    expect(await get(bad)).toMatchObject({ status: 404 });
});

test("searches at YouTube have a budget of all processes together; past it there are no trailers, and no error", async () => {
  const strict = { YOUTUBE_SEARCHES_PER_HOUR: "2" };
  const two = await Promise.all([platform.api(strict), platform.api(strict)]);
  const found: number[] = [];
  // One more than two hours allow, should one end meanwhile; another test of this file has made one search.
  for (let n = 0; n < 5; n++) {
    const port = two[n % 2]?.httpPort ?? 0;
    const { status, body } = await call(port, `/api/v1/titles/movie/${7_000 + n}/trailers`);
    expect(status).toBe(200);
    found.push(body.items.length);
  }
  expect(found.filter((items) => items === 0).length).toBeGreaterThan(0);
  expect(found.filter((items) => items === 5).length).toBeGreaterThan(0);
  expect((await call(two[0]?.httpPort ?? 0, "/api/v1/titles/movie/550/trailers")).body.items).toHaveLength(1);
  // What was found is kept.
  const again = await call(two[1]?.httpPort ?? 0, `/api/v1/titles/movie/${7_000 + found.indexOf(5)}/trailers`);
  expect(again.body.items).toHaveLength(5);
});

test("the library: both kinds, newest first, no more than asked for, nothing that is neither", async () => {
  const { body } = await get("/library?limit=5");
  expect(body.items).toHaveLength(5);
  expect(new Set(body.items.map(({ mediaType }: { mediaType: string }) => mediaType))).toEqual(
    new Set(["movie", "tv"]),
  );
  const added = body.items.map(({ addedAt }: { addedAt: string }) => addedAt);
  expect(added).toEqual([...added].sort().reverse());
});

test("Overseerr's counts are for administrators", async () => {
  expect((await get("/admin/overseerr")).body).toEqual({ pending: 3, approved: 4, processing: 1, available: 4 });
  const { token } = await person(api.httpPort, "user");
  expect(await getAs(api.httpPort, token, "/api/v1/admin/overseerr")).toMatchObject({ status: 403 });
});

/** Each time something that was not asked for before, so that no cache answers. */
const users: [Upstream, (n: number) => string][] = [
  ["tmdb", (n) => `/discover?mediaType=movie&page=${n}`],
  ["plex", (n) => `/library?limit=${n}`],
  ["youtube", (n) => `/titles/movie/${n}/trailers`],
  ["overseerr", () => "/admin/overseerr"],
];
test.each(users)("%s that talks garbage is 502 and named; one failed call is made again", async (service, path) => {
  await platform.knobs({ garbage: true }, service);
  expect(await get(path(50))).toMatchObject({ status: 502, body: { code: "upstream-bad-response", service } });
  await platform.knobs({ errorRate: 0.5 }, service);
  expect([(await get(path(51))).status, (await get(path(52))).status]).toEqual([200, 200]);
  await platform.knobs({ errorRate: 1, errorStatus: 401 }, service);
  expect(await get(path(53))).toMatchObject({ status: 502, body: { service } });
  await platform.knobs({}, service);
  expect(await metric(api.adminPort, asked(service, "503"))).toBeGreaterThan(0);
});
