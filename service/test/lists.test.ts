import type { Running } from "../src/process/lifecycle.ts";
import { getAs, idempotent, type Person, person, postAs } from "./calls.ts";
import { type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
let api: Running;
let port: number;
let ann: Person;
let ben: Person;
let moderator: Person;
let nextId = 60_000;

beforeAll(async () => {
  platform = await startPlatform();
  api = await platform.api();
  port = api.httpPort;
  [ann, ben, moderator] = await Promise.all([person(port, "ann"), person(port, "ben"), person(port, "m", "moderator")]);
});
afterAll(() => platform?.stop());

const requests = "/api/v1/requests";
const ask = async (who: Person, mediaType = "movie") => {
  const { body } = await postAs(port, who.token, requests, { mediaType, tmdbId: ++nextId });
  return body as { id: string; status: string };
};
const act = (who: Person, id: string, what: string, more = {}) =>
  postAs(port, who.token, `${requests}/${id}/${what}`, {}, more);
const jobs = (id: string) => platform.sql("SELECT 1 FROM pgboss.job WHERE data->>'requestId' = $1", [id]);

describe("the life of a request", () => {
  test("a user's request awaits a decision; approved, it goes to work, once", async () => {
    const { id, status } = await ask(ann);
    expect(status).toBe("awaiting");
    expect(await jobs(id)).toHaveLength(0);
    expect(await act(ann, id, "approve")).toMatchObject({ status: 403, body: { code: "forbidden" } });
    const both = await Promise.all([act(moderator, id, "approve"), act(moderator, id, "approve")]);
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(await jobs(id)).toHaveLength(1);
    expect((await getAs(port, ann.token, `${requests}/${id}`)).body.status).toBe("pending");
  });

  test("a moderator's own goes to work at once", async () => {
    const { id, status } = await ask(moderator);
    expect(status).toBe("pending");
    expect(await jobs(id)).toHaveLength(1);
  });

  test("declined is final; the answer says what is and what could be", async () => {
    const { id } = await ask(ann);
    expect(await act(moderator, id, "decline")).toMatchObject({ status: 200, body: { status: "declined" } });
    for (const what of ["approve", "cancel", "retry"]) {
      const answer = await act(moderator, id, what);
      expect(answer).toMatchObject({ status: 409, body: { code: "wrong-state", currentStatus: "declined" } });
      expect(answer.body.possibleFrom).not.toContain("declined");
    }
  });

  test("a retry is no way around the decision", async () => {
    const { id } = await ask(ann);
    expect((await act(ann, id, "cancel")).body.status).toBe("cancelled");
    expect((await act(ann, id, "retry")).body.status).toBe("awaiting");
    expect(await jobs(id)).toHaveLength(0);
  });

  test("another user's request cannot be changed, and looks like one that does not exist", async () => {
    const { id } = await ask(ann);
    expect(await act(ben, id, "cancel")).toMatchObject({ status: 404 });
    expect(await getAs(port, ben.token, `${requests}/${id}`)).toMatchObject({ status: 404 });
    expect(await getAs(port, moderator.token, `${requests}/${id}`)).toMatchObject({ status: 200 });
    expect(await act(moderator, "00000000-0000-4000-8000-000000000000", "approve")).toMatchObject({ status: 404 });
  });

  test("a change sent twice under one key is made once and answered twice", async () => {
    const { id } = await ask(ann);
    const key = idempotent("approve-once");
    const answers = [await act(moderator, id, "approve", key), await act(moderator, id, "approve", key)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    // The same key on another request is another key.
    expect((await act(moderator, (await ask(ann)).id, "approve", key)).status).toBe(200);
  });
});

describe("the list", () => {
  let carl: Person;
  const made: string[] = [];
  beforeAll(async () => {
    carl = await person(port, "carl");
    for (let n = 0; n < 7; n++) made.unshift((await ask(carl, n % 2 ? "tv" : "movie")).id);
    // Seven in one microsecond: the id decides.
    await platform.sql("UPDATE requests SET created_at = '2026-01-01 00:00:00.123457+00' WHERE user_id = $1", [
      carl.id,
    ]);
    made.sort().reverse();
  });
  const walk = async (who: Person, query: string): Promise<string[]> => {
    const { body } = await getAs(port, who.token, `${requests}?${query}`);
    const ids = body.items.map(({ id }: { id: string }) => id);
    return body.nextCursor
      ? [...ids, ...(await walk(who, `${query.split("&cursor")[0]}&cursor=${body.nextCursor}`))]
      : ids;
  };

  test.each([1, 2, 3, 7, 100])("pages of %i have every request once, in order", async (limit) => {
    expect(await walk(carl, `limit=${limit}`)).toEqual(made);
  });

  test("what is new does not move the pages that follow", async () => {
    const { body } = await getAs(port, carl.token, `${requests}?limit=3`);
    await ask(carl);
    expect(await walk(carl, `limit=3&cursor=${body.nextCursor}`)).toEqual(made.slice(3));
    await platform.sql("DELETE FROM requests WHERE user_id = $1 AND created_at > '2026-01-02'", [carl.id]);
  });

  test("filters", async () => {
    const some = made[0] as string;
    await act(moderator, some, "decline");
    expect(await walk(carl, "limit=2&status=declined")).toEqual([some]);
    expect(await walk(carl, "limit=2&mediaType=tv")).toHaveLength(3);
    expect(await walk(carl, "limit=2&mediaType=tv&status=available")).toEqual([]);
  });

  test("one's own; all users' for a moderator, with the user who asked", async () => {
    expect(new Set(await walk(ben, "limit=50")).size).toBe(0);
    const { body } = await getAs(port, moderator.token, `${requests}?limit=100`);
    const owners = new Set(body.items.map(({ requestedBy }: { requestedBy: string }) => requestedBy));
    for (const { id } of [ann, carl, moderator]) expect(owners).toContain(id);
    const own = await getAs(port, moderator.token, `${requests}?limit=100&owner=me`);
    expect(own.body.items.length).toBeGreaterThan(0);
    for (const { requestedBy } of own.body.items) expect(requestedBy).toBe(moderator.id);
  });

  const mistakes = [
    "limit=0",
    "limit=101",
    "limit=x",
    "status=gone",
    "owner=ben",
    "cursor=bm9uc2Vuc2U",
    "cursor=%27%3B--",
    "page=2",
  ];
  test.each(mistakes)("%s is refused", async (query) => {
    const answer = await getAs(port, carl.token, `${requests}?${query}`);
    expect(answer).toMatchObject({ status: 422, body: { code: "validation-failed", errors: [{ in: "query" }] } });
  });
});
