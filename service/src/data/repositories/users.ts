import type pg from "pg";
import type { Role } from "../../model/roles.ts";
import { query, type Reader } from "../postgres/database.ts";
import { type Page, parseCursor, toPage } from "../postgres/page.ts";

/** An account, without its password's hash. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** It cannot sign in. */
  disabled: boolean;
  createdAt: string;
}

interface Row {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled_at: Date | null;
  created_at: Date;
  at: string;
}

const COLUMNS = "id, email, name, role, disabled_at, created_at, created_at::text AS at";

/** Undefined when the address is taken. */
export async function insertUser(
  client: pg.ClientBase,
  user: { email: string; name: string; passwordHash: string },
): Promise<User | undefined> {
  const { rows } = await client.query<Row>(
    `INSERT INTO users (email, name, password_hash) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING RETURNING ${COLUMNS}`,
    [user.email, user.name, user.passwordHash],
  );
  return rows[0] && fromRow(rows[0]);
}

/** What keeps the account from becoming the first administrator, if anything does. */
export async function whatStandsInTheWay(
  client: pg.ClientBase,
  email: string,
): Promise<"admin" | "account" | undefined> {
  const { rows } = await client.query<{ admin: boolean; account: boolean }>(
    `SELECT EXISTS (SELECT FROM users WHERE role = 'admin') AS admin, EXISTS (SELECT FROM users WHERE email = $1) AS account`,
    [email],
  );
  if (rows[0]?.admin) return "admin";
  return rows[0]?.account ? "account" : undefined;
}

/** Answers its id; undefined when there is an administrator, or an account with the address, by now. */
export async function insertFirstAdmin(
  client: pg.ClientBase,
  { email, passwordHash }: { email: string; passwordHash: string },
): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO users (email, name, password_hash, role) SELECT $1, 'Administrator', $2, 'admin'
     WHERE NOT EXISTS (SELECT FROM users WHERE role = 'admin') ON CONFLICT (email) DO NOTHING RETURNING id`,
    [email, passwordHash],
  );
  return rows[0]?.id;
}

export async function findLogin(pool: pg.Pool, email: string): Promise<(User & { passwordHash: string }) | undefined> {
  const sql = `SELECT ${COLUMNS}, password_hash FROM users WHERE email = $1`;
  const [row] = await query<Row & { password_hash: string }>(pool, "find login", sql, [email]);
  return row && { ...fromRow(row), passwordHash: row.password_hash };
}

export async function findUser(pool: pg.Pool, id: string): Promise<User | undefined> {
  const [row] = await query<Row>(pool, "find user", `SELECT ${COLUMNS} FROM users WHERE id = $1`, [id]);
  return row && fromRow(row);
}

export async function listUsers(from: Reader, limit: number, cursor: string | undefined): Promise<Page<User>> {
  const after = parseCursor(cursor);
  const where = after ? "WHERE (created_at, id) < ($2, $3)" : "";
  const sql = `SELECT ${COLUMNS} FROM users ${where} ORDER BY created_at DESC, id DESC LIMIT $1`;
  const rows = await query<Row>(from, "list users", sql, [limit + 1, ...(after ? [after.at, after.id] : [])]);
  return toPage(rows, limit, fromRow);
}

/** Whether this account alone is an administrator that can sign in. Until the transaction ends no other can stop being one. */
export async function isLastAdmin(client: pg.ClientBase, id: string): Promise<boolean> {
  const { rows } = await client.query<{ id: string }>(
    "SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE",
  );
  return rows.length === 1 && rows[0]?.id === id;
}

export async function updateRole(client: pg.ClientBase, id: string, role: Role): Promise<User | undefined> {
  const sql = `UPDATE users SET role = $2 WHERE id = $1 RETURNING ${COLUMNS}`;
  const { rows } = await client.query<Row>(sql, [id, role]);
  return rows[0] && fromRow(rows[0]);
}

export async function setDisabled(client: pg.ClientBase, id: string, disabled: boolean): Promise<User | undefined> {
  const sql = `UPDATE users SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END WHERE id = $1 RETURNING ${COLUMNS}`;
  const { rows } = await client.query<Row>(sql, [id, disabled]);
  return rows[0] && fromRow(rows[0]);
}

export async function updatePassword(client: pg.ClientBase, id: string, hash: string): Promise<User | undefined> {
  const sql = `UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING ${COLUMNS}`;
  const { rows } = await client.query<Row>(sql, [id, hash]);
  return rows[0] && fromRow(rows[0]);
}

function fromRow({ id, email, name, role, disabled_at, created_at }: Row): User {
  return { id, email, name, role, disabled: disabled_at !== null, createdAt: created_at.toISOString() };
}
