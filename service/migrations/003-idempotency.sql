-- Answers to POSTs that carried an Idempotency-Key, kept for a day. The answer is written in the transaction of the
-- effect, so the two cannot part. See src/data/idempotency.ts for what is hashed and sealed.
CREATE TABLE idempotency_keys (
  id            bytea PRIMARY KEY,
  body_mac      bytea NOT NULL,
  -- Who is at work on it: whoever takes a dead claim over writes its own, and the old one can no longer commit.
  claim         uuid NOT NULL,
  claimed_until timestamptz NOT NULL,
  status        smallint,
  sealed        bytea,
  created_at    timestamptz NOT NULL DEFAULT now(),
  CHECK ((status IS NULL) = (sealed IS NULL))
);
-- For the hourly purge.
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
