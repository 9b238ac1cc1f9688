import { titlePayload } from "@media/service/doubles/titles";
import { type Random, randomFrom, seedOf } from "../lib/random.ts";
import { idOf, TEXT_PREFIX } from "./identity.ts";

export interface DataSetArgs {
  /** Requests; users and all else follow from it. */
  readonly rows: number;
  readonly seed: number;
}

/** One table of a data set. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** About how many rows, for the progress. */
  readonly count: number;
  /** Lines of COPY's text format. */
  readonly lines: () => Iterable<string>;
}

/** Requests a user has made, on average. */
const REQUESTS_PER_USER = 20;
/** Each fifth user pays, once a month for so many months. */
const PAYING_SHARE = 5;
const MONTHS = 5;
/** One in so many requests still has its download, if it was delivered. */
const DOWNLOAD_SHARE = 10;
/** Titles asked for, and how uneven: at 3, a tenth of the titles gets nearly half of the requests. */
const TITLES = 20_000;
const SKEW = 3;
/**
 * All that is seeded has happened in the two years before: figures of the day and the week stay what they are, live updates
 * have nothing to send, and the same seed makes the same rows on every day.
 */
const UNTIL_MS = Date.parse("2026-10-01T00:00:00Z");
const SINCE_MS = Date.parse("2024-10-01T00:00:00Z");
const HOUR_MS = 3_600_000;
/** In form a password's hash; no password has it, so no one signs in as a seeded user. */
const NO_PASSWORD = `scrypt$16384$8$5$${"A".repeat(22)}$${"A".repeat(43)}`;

const FIRST_NAMES = ["Ada", "Bela", "Chidi", "Dana", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jun", "Kaya", "Lior"];
const LAST_NAMES = ["Acker", "Brandt", "Costa", "Diallo", "Endo", "Fischer", "Greco", "Haas", "Ito", "Jansen", "Kaur"];

/** Share of the requests in each state. None is `pending`: that would want a job. */
const STATES = { available: 0.88, declined: 0.04, cancelled: 0.03, failed: 0.03, awaiting: 0.02 } as const;

export const usersOf = (rows: number) => Math.max(1, Math.ceil(rows / REQUESTS_PER_USER));

/** What a data set puts into the database, in the order of its references. The same arguments make the same rows. */
export function tablesOf({ rows, seed }: DataSetArgs): readonly Table[] {
  const users = usersOf(rows);
  const paying = Math.ceil(users / PAYING_SHARE);
  const userId = (n: number) => idOf(seed, n);
  /** Requests that have a download, kept while the requests are written, because making them again takes as long. */
  let downloaded: Request[] | undefined;
  const table = (name: string, columns: string, count: number, lines: Table["lines"]): Table => ({
    name,
    columns: columns.split(" "),
    count,
    lines,
  });
  return [
    table("users", "id email name password_hash role created_at", users, function* () {
      const random = randomFrom(seedOf(seed, 1));
      for (let n = 0; n < users; n++) {
        const name = `${FIRST_NAMES[n % FIRST_NAMES.length]} ${LAST_NAMES[(n * 7) % LAST_NAMES.length]}`;
        const email = `${TEXT_PREFIX}${seed}-${n}@users.invalid`;
        yield row(userId(n), email, name, NO_PASSWORD, "user", moment(SINCE_MS - random() * 1_000 * HOUR_MS));
      }
    }),
    table(
      "requests",
      "id user_id media_type tmdb_id title status created_at delivered_at version changed_at",
      rows,
      function* () {
        const kept: Request[] = [];
        for (const it of requests(rows, users, seed)) {
          if (hasDownload(it)) kept.push(it);
          const delivered = it.status === "available" ? moment(it.changedMs) : null;
          const { mediaType, tmdbId, title } = it.title;
          const [created, changed] = [moment(it.createdMs), moment(it.changedMs)];
          const version = it.status === "awaiting" ? 1 : 2;
          yield row(it.id, userId(it.user), mediaType, tmdbId, title, it.status, created, delivered, version, changed);
        }
        downloaded = kept;
      },
    ),
    table(
      "downloads",
      "id request_id user_id status progress tick version created_at changed_at",
      Math.ceil((rows * STATES.available) / DOWNLOAD_SHARE),
      function* () {
        const wanted = downloaded ?? [...requests(rows, users, seed)].filter(hasDownload);
        for (const { id, user, createdMs, changedMs } of wanted)
          yield row(id, id, userId(user), "completed", 100, 3, 4, moment(createdMs), moment(changedMs));
      },
    ),
    table("payment_events", "id type occurred_at received_at data", paying * MONTHS, function* () {
      for (const { id, atMs, user } of payments(paying, seed)) {
        const data = JSON.stringify({ paymentId: id, userId: userId(user), amountMinor: AMOUNT, currency: "EUR" });
        yield row(id, "payment.succeeded", moment(atMs), moment(atMs + 2_000), data);
      }
    }),
    table("subscriptions", "user_id plan_id cancelled paid_until occurred_at event_id", paying, function* () {
      for (const { id, atMs, user, month } of payments(paying, seed))
        if (month === MONTHS - 1) yield row(userId(user), "standard", "f", moment(UNTIL_MS), moment(atMs), id);
    }),
    table(
      "payments",
      "id user_id state amount_minor currency refunded_minor occurred_at event_id",
      paying * MONTHS,
      function* () {
        for (const { id, atMs, user } of payments(paying, seed))
          yield row(id, userId(user), "succeeded", AMOUNT, "EUR", 0, moment(atMs), id);
      },
    ),
  ];
}

const AMOUNT = 499;

interface Title {
  readonly mediaType: "movie" | "tv";
  readonly tmdbId: number;
  readonly title: string;
}

interface Request {
  readonly n: number;
  readonly id: string;
  readonly user: number;
  readonly title: Title;
  readonly status: keyof typeof STATES;
  readonly createdMs: number;
  readonly changedMs: number;
}

const hasDownload = ({ status, n }: Request) => status === "available" && n % DOWNLOAD_SHARE === 0;

/** In the order of time, as real ones come; a user asks for a title once. */
function* requests(rows: number, users: number, seed: number): Iterable<Request> {
  const random = randomFrom(seedOf(seed, 2));
  const titles = titlesOf();
  const asked = new Set<number>();
  const each = (UNTIL_MS - SINCE_MS - 100 * HOUR_MS) / rows;
  for (let n = 0; n < rows; n++) {
    let user: number;
    let title: number;
    do {
      user = Math.floor(random() * users);
      title = Math.floor(TITLES * random() ** SKEW);
    } while (asked.has(user * TITLES + title));
    asked.add(user * TITLES + title);
    const createdMs = SINCE_MS + (n + random()) * each;
    const changedMs = createdMs + (0.1 + random() * 48) * HOUR_MS;
    const status = stateOf(random());
    yield {
      n,
      id: idOf(seed, n),
      user,
      title: titles[title] as Title,
      status,
      createdMs,
      changedMs: status === "awaiting" ? createdMs : changedMs,
    };
  }
}

function* payments(paying: number, seed: number) {
  const random: Random = randomFrom(seedOf(seed, 3));
  for (let n = 0; n < paying; n++)
    for (let month = 0; month < MONTHS; month++) {
      const atMs = UNTIL_MS - (MONTHS - month - random() / 2) * 30 * 24 * HOUR_MS;
      yield { id: `${TEXT_PREFIX}${seed}-${n}-${month}`, user: n * PAYING_SHARE, month, atMs };
    }
}

/** As the double of TMDB answers for them. */
function titlesOf(): readonly Title[] {
  return Array.from({ length: TITLES }, (_, n) => {
    const mediaType = n % 3 === 0 ? "tv" : "movie";
    const payload = titlePayload(mediaType, n + 1);
    return { mediaType, tmdbId: n + 1, title: escaped(String(payload.title ?? payload.name)) };
  });
}

function stateOf(share: number): keyof typeof STATES {
  let left = share;
  for (const [state, part] of Object.entries(STATES)) {
    left -= part;
    if (left < 0) return state as keyof typeof STATES;
  }
  return "available";
}

const DAY_MS = 24 * HOUR_MS;
const days = new Map<number, string>();

/** ISO 8601, a second exactly; made of parts, because millions are written. */
function moment(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  let date = days.get(day);
  if (date === undefined) {
    date = new Date(day * DAY_MS).toISOString().slice(0, 11);
    days.set(day, date);
  }
  const seconds = Math.floor((ms - day * DAY_MS) / 1_000);
  return `${date}${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}Z`;
}

const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
const two = (n: number) => TWO[Math.floor(n)] as string;

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
const escaped = (text: string) => text.replace(/[\\\t\n\r]/g, (at) => ESCAPES[at] ?? at);

/** A line of COPY's text format. Texts of others must have been escaped. */
function row(...values: readonly (string | number | null)[]): string {
  let line = "";
  for (const value of values) line += `${line === "" ? "" : "\t"}${value === null ? "\\N" : value}`;
  return `${line}\n`;
}
