-- What can be subscribed to. Prices are per month, in the currency's minor units.
CREATE TABLE plans (
  id                text PRIMARY KEY,
  name              text NOT NULL,
  requests_per_week integer NOT NULL CHECK (requests_per_week > 0),
  price_minor       integer NOT NULL CHECK (price_minor >= 0),
  currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$')
);
-- `free` is the plan of whoever has no other: see src/data/plans.ts.
INSERT INTO plans (id, name, requests_per_week, price_minor, currency) VALUES
  ('free', 'Free', 10, 0, 'EUR'),
  ('standard', 'Standard', 50, 499, 'EUR'),
  ('premium', 'Premium', 250, 999, 'EUR');

-- Every signed event of the payment provider, once, as it came: json, since jsonb refuses some of what JSON allows.
CREATE TABLE payment_events (
  id          text COLLATE "C" PRIMARY KEY,
  type        text NOT NULL,
  occurred_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  data        json NOT NULL
);

-- What the newest event says; (occurred_at, event_id) is that event, and only a greater one overwrites it.
CREATE TABLE subscriptions (
  user_id     uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  plan_id     text NOT NULL REFERENCES plans,
  cancelled   boolean NOT NULL,
  paid_until  timestamptz NOT NULL,
  occurred_at timestamptz NOT NULL,
  event_id    text COLLATE "C" NOT NULL
);
-- Paying accounts by plan, for the business metrics.
CREATE INDEX subscriptions_paid_until ON subscriptions (paid_until) INCLUDE (plan_id);

-- `user_id` has no foreign key: money that was moved stays on record when its account is gone.
-- `state` is null while only a refund has come. A refund holds the sum refunded so far, so the greatest is the newest.
CREATE TABLE payments (
  id             text COLLATE "C" PRIMARY KEY,
  user_id        uuid NOT NULL,
  state          text CHECK (state IN ('succeeded', 'failed')),
  amount_minor   bigint NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
  currency       text CHECK (currency ~ '^[A-Z]{3}$'),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
  occurred_at    timestamptz NOT NULL DEFAULT '-infinity',
  event_id       text COLLATE "C" NOT NULL DEFAULT '',
  CHECK (state IS NULL OR currency IS NOT NULL)
);
-- GET /api/v1/subscription (the last payment), and whether a payment was a person's first.
CREATE INDEX payments_of_user ON payments (user_id, occurred_at DESC, event_id DESC);
-- Revenue of a day or a week, without touching the table.
CREATE INDEX payments_succeeded ON payments (occurred_at) INCLUDE (user_id, currency, amount_minor, refunded_minor)
  WHERE state = 'succeeded';

-- Requests made per account and week (Mondays, UTC). A counter of its own: two creations at once meet on one row.
CREATE TABLE request_usage (
  user_id text NOT NULL,
  week    date NOT NULL,
  used    integer NOT NULL CHECK (used > 0),
  PRIMARY KEY (user_id, week)
);
-- For the hourly purge.
CREATE INDEX request_usage_week ON request_usage (week);

-- Who was here on which day (UTC). Accounts by id; visitors by a keyed hash that changes each week.
CREATE TABLE activity (
  day  date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('account', 'visitor')),
  who  text COLLATE "C" NOT NULL,
  PRIMARY KEY (day, kind, who)
);

-- Which process does what only one of them should do, and until when that stands.
CREATE TABLE leases (
  name   text PRIMARY KEY,
  holder uuid NOT NULL,
  until  timestamptz NOT NULL
);

-- Business metrics: requests made, by whom and of what; deliveries.
CREATE INDEX requests_made ON requests (created_at) INCLUDE (user_id, media_type);
CREATE INDEX requests_delivered ON requests (delivered_at) INCLUDE (media_type) WHERE delivered_at IS NOT NULL;
