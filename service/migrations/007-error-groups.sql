-- Which releases ever ran, and since when: text says nothing about which of two is newer, the order of their starts does.
CREATE TABLE releases (
  release    text PRIMARY KEY,
  first_seen timestamptz NOT NULL DEFAULT now()
);

-- Errors that are the same but for their data. See src/errors/fingerprint.ts for what is the same.
CREATE TABLE error_groups (
  fingerprint       text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{32}$'),
  class             text NOT NULL,
  code              text NOT NULL,
  -- Without ids, numbers, addresses and quoted data.
  summary           text NOT NULL,
  frames            text[] NOT NULL,
  status            text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved', 'regressed')),
  count             bigint NOT NULL CHECK (count > 0),
  first_seen        timestamptz NOT NULL,
  last_seen         timestamptz NOT NULL,
  first_release     text NOT NULL,
  last_release      text NOT NULL,
  last_process      text NOT NULL,
  -- The last one whose trace was kept.
  sample_trace_id   text,
  sample_request_id text,
  resolved_at       timestamptz,
  regressed_at      timestamptz,
  CHECK (status = 'open' OR resolved_at IS NOT NULL)
);
-- GET /api/v1/admin/errors: all, those in one state, and those of one class, last seen first; the first also for the hourly purge.
CREATE INDEX error_groups_page ON error_groups (last_seen DESC, fingerprint DESC);
CREATE INDEX error_groups_page_of_status ON error_groups (status, last_seen DESC, fingerprint DESC);
CREATE INDEX error_groups_page_of_class ON error_groups (class, last_seen DESC, fingerprint DESC);
