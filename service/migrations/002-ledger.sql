-- Rows chained by hash, written by drills, from which lost writes are counted. See src/ledger.ts for the hash.
CREATE TABLE ledger (
  seq        bigint PRIMARY KEY CHECK (seq > 0),
  prev_hash  text NOT NULL CHECK (prev_hash ~ '^[0-9a-f]{64}$'),
  hash       text NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$'),
  payload    text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
