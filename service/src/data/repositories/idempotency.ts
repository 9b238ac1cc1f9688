import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  randomUUID,
} from "node:crypto";
import type pg from "pg";
import { Problem } from "../../errors/problem.ts";
import { query, write } from "../postgres/database.ts";

/** A claim whose process died can be taken over after this long; longer than any request may take. */
const CLAIM = "30 seconds";
const RETENTION = "24 hours";
const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** An answer as text in UTF-8, so that it can be kept and given again exactly as it was. */
export interface StoredReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What a key belongs to: the same key of another user, or of another operation, is another key. */
export interface KeyOwner {
  user: string;
  operation: string;
  key: string;
}

/** The right to do the work once. */
export interface Claim {
  id: Buffer;
  claim: string;
  secret: Buffer;
}

export type Claimed =
  | { outcome: "fresh"; claim: Claim }
  | { outcome: "replayed"; reply: StoredReply }
  | { outcome: "in-flight" }
  | { outcome: "other-body" };

type Client = Pick<pg.ClientBase, "query"> | Pick<pg.Pool, "query">;

interface Derived {
  id: Buffer;
  /** Of the body, under a key that only the Idempotency-Key gives. */
  bodyMac: Buffer;
  secret: Buffer;
}

interface Row {
  body_mac: Buffer;
  status: number | null;
  sealed: Buffer | null;
}

/**
 * The keys live in PostgreSQL, not in Redis: the answer commits with the effect or not at all. In any other store a
 * crash between the two would either repeat the effect or answer for one that never was.
 */
export async function claimKey(pool: pg.Pool, owner: KeyOwner, body: Buffer): Promise<Claimed> {
  const entry = derive(owner, body);
  const { id, bodyMac, secret } = entry;
  const claim = randomUUID();
  const won = await write(pool, "claim idempotency key", CLAIM_KEY, [id, bodyMac, claim]);
  if (won.length > 0) return { outcome: "fresh", claim: { id, claim, secret } };
  return look(pool, entry);
}

/** The answer that is kept for this call, without a claim to the key. */
export async function findReply(pool: pg.Pool, owner: KeyOwner, body: Buffer): Promise<StoredReply | undefined> {
  const found = await look(pool, derive(owner, body));
  return found.outcome === "replayed" ? found.reply : undefined;
}

async function look(pool: pg.Pool, { id, bodyMac, secret }: Derived): Promise<Claimed> {
  const [row] = await query<Row>(pool, "read idempotency key", READ_KEY, [id]);
  // Released or purged between the two statements: the caller may simply come again.
  if (!row) return { outcome: "in-flight" };
  if (!row.body_mac.equals(bodyMac)) return { outcome: "other-body" };
  if (row.status === null || row.sealed === null) return { outcome: "in-flight" };
  return { outcome: "replayed", reply: { status: row.status, ...open(row.sealed, secret) } };
}

const CLAIM_KEY = `
  INSERT INTO idempotency_keys AS k (id, body_mac, claim, claimed_until)
  VALUES ($1, $2, $3, now() + interval '${CLAIM}')
  ON CONFLICT (id) DO UPDATE SET body_mac = EXCLUDED.body_mac, claim = EXCLUDED.claim,
    claimed_until = EXCLUDED.claimed_until, status = NULL, sealed = NULL, created_at = now()
  WHERE k.created_at < now() - interval '${RETENTION}'
     OR (k.status IS NULL AND k.claimed_until < now() AND k.body_mac = EXCLUDED.body_mac)
  RETURNING claim`;
const READ_KEY = "SELECT body_mac, status, sealed FROM idempotency_keys WHERE id = $1";

/**
 * Keeps the answer. Inside the transaction of the effect it is also the fence: a process so slow that its claim was
 * taken over cannot commit any more.
 */
export async function keepReply(client: Client, { id, claim, secret }: Claim, reply: StoredReply): Promise<void> {
  const kept = await client.query(
    "UPDATE idempotency_keys SET status = $3, sealed = $4 WHERE id = $1 AND claim = $2 AND status IS NULL",
    [id, claim, reply.status, seal(reply, secret)],
  );
  if (kept.rowCount !== 1) throw inFlight();
}

/** Gives the key back after a failure of ours, which left no effect and may pass. */
export async function releaseKey(client: Client, { id, claim }: Claim): Promise<void> {
  await client.query("DELETE FROM idempotency_keys WHERE id = $1 AND claim = $2 AND status IS NULL", [id, claim]);
}

/** Deletes what is past its retention; answers how many. */
export async function purgeKeys(client: Client): Promise<number> {
  const purged = await client.query(`DELETE FROM idempotency_keys WHERE created_at < now() - interval '${RETENTION}'`);
  return purged.rowCount ?? 0;
}

export function inFlight(): Problem {
  return new Problem("idempotency-in-flight", { headers: { "Retry-After": "1" } });
}

/**
 * The key itself is not stored, and what is stored can be read only with it: answers to a login hold tokens, and a
 * plain hash of its body would let a thief of the table try passwords.
 */
function derive({ user, operation, key }: KeyOwner, body: Buffer): Derived {
  const about = `${user}\n${operation}`;
  const id = createHash("sha256").update(`${about}\n${key}`).digest();
  const bytes = Buffer.from(hkdfSync("sha256", key, about, "media idempotency", 64));
  const bodyMac = createHmac("sha256", bytes.subarray(0, 32)).update(body).digest();
  return { id, bodyMac, secret: bytes.subarray(32) };
}

function seal({ headers, body }: StoredReply, secret: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, secret, iv);
  const text = JSON.stringify({ headers, body: Buffer.from(body).toString("base64") });
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

function open(sealed: Buffer, secret: Buffer): Pick<StoredReply, "headers" | "body"> {
  const decipher = createDecipheriv(CIPHER, secret, sealed.subarray(0, IV_BYTES));
  decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const text = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString();
  const { headers, body } = JSON.parse(text) as { headers: Record<string, string>; body: string };
  return { headers, body: Buffer.from(body, "base64").toString() };
}
