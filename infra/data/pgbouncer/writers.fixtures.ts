import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A write takes 50 ms, so that some are always under way. */
const PAUSE_MS = 5;
const WAIT_SECONDS = 30;

/** Clients of PgBouncer that write rows one after the other, and remember what was acknowledged and what failed. */
export class Writers {
  readonly count = 5;
  readonly acknowledged: number[] = [];
  readonly errors: string[] = [];
  readonly #port: number;
  readonly #password: string;
  #next = 1;
  #going = false;

  constructor(port: number, password: string) {
    this.#port = port;
    this.#password = password;
  }

  client(): pg.Client {
    return new pg.Client({
      host: "127.0.0.1",
      port: this.#port,
      user: "media",
      password: this.#password,
      database: "media",
    });
  }

  async createTable(): Promise<void> {
    const client = this.client();
    await client.connect();
    // The database is the role's own, the schema public is not.
    await client.query("create schema if not exists media; create table media.rows (n int primary key)");
    await client.end();
  }

  clear(): void {
    this.acknowledged.length = 0;
    this.errors.length = 0;
  }

  /** Writes while the work goes on, from before it begins until after it ends. */
  async run(work: () => Promise<void>): Promise<void> {
    this.#going = true;
    const loops = Array.from({ length: this.count }, () => this.#loop());
    try {
      await this.acknowledge(10);
      await work();
    } finally {
      this.#going = false;
      await Promise.all(loops);
    }
  }

  /** Waits until so many more rows are acknowledged. */
  async acknowledge(more: number): Promise<void> {
    const wanted = this.acknowledged.length + more;
    for (const end = Date.now() + WAIT_SECONDS * 1000; this.acknowledged.length < wanted; await sleep(20)) {
      if (Date.now() > end) throw new Error(`no more rows: ${this.errors.slice(-3).join("; ")}`);
    }
  }

  async #loop(): Promise<void> {
    let client: pg.Client | undefined;
    while (this.#going) {
      const n = this.#next++;
      try {
        if (!client) {
          client = this.client();
          client.on("error", () => {});
          await client.connect();
        }
        await client.query("insert into media.rows select $1::int from pg_sleep(0.05)", [n]);
        this.acknowledged.push(n);
      } catch (error) {
        this.errors.push(String(error));
        await client?.end().catch(() => {});
        client = undefined;
      }
      await sleep(PAUSE_MS);
    }
    await client?.end().catch(() => {});
  }
}
