-- What went wrong, from the alert to the post-mortem. See src/model/incidents.ts for the states.
CREATE TABLE incidents (
  id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- Hash of the group's labels, the alert's name and the start of the first alert: a repeated notification finds it.
  key              text NOT NULL UNIQUE,
  -- Hash of the group's labels and the alert's name: alerts that come later join the incident while it is open.
  group_key        text NOT NULL,
  alert            text NOT NULL,
  severity         text NOT NULL,
  category         text NOT NULL,
  labels           jsonb NOT NULL,
  annotations      jsonb NOT NULL,
  state            text NOT NULL DEFAULT 'open' CHECK (state IN
    ('open', 'investigating', 'remediating', 'verifying', 'review', 'escalated', 'acknowledged', 'resolved', 'closed')),
  began_at         timestamptz NOT NULL,
  opened_at        timestamptz NOT NULL DEFAULT now(),
  investigated_at  timestamptz,
  mended_at        timestamptz,
  escalated_at     timestamptz,
  acknowledged_at  timestamptz,
  acknowledged_by  text,
  resolved_at      timestamptz,
  closed_at        timestamptz,
  escalation_level integer NOT NULL DEFAULT 0,
  -- What one step leaves for the next.
  progress         jsonb NOT NULL DEFAULT '{}',
  investigation    jsonb,
  post_mortem      text,
  -- When the next step is due, and which process does it until when: a process that ends loses its lease, not the incident.
  due_at           timestamptz NOT NULL DEFAULT now(),
  lease_holder     uuid,
  lease_until      timestamptz
);
-- One open incident for a group of alerts; what is due next; the page with the newest first.
CREATE UNIQUE INDEX incidents_open_of_group ON incidents (group_key) WHERE state <> 'closed';
CREATE INDEX incidents_due ON incidents (due_at) WHERE state <> 'closed';
CREATE INDEX incidents_newest ON incidents (opened_at DESC, id DESC);

-- Each alert once. One whose end came before its beginning has no incident, and never gets one.
CREATE TABLE incident_alerts (
  fingerprint text NOT NULL,
  starts_at   timestamptz NOT NULL,
  incident_id uuid REFERENCES incidents ON DELETE CASCADE,
  labels      jsonb NOT NULL,
  ends_at     timestamptz,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (fingerprint, starts_at)
);
-- The alerts on an incident's page.
CREATE INDEX incident_alerts_of_incident ON incident_alerts (incident_id);

-- The audit: rows are added and never changed.
CREATE TABLE incident_events (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id uuid REFERENCES incidents ON DELETE CASCADE,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor       text NOT NULL,
  kind        text NOT NULL,
  message     text NOT NULL,
  data        jsonb NOT NULL DEFAULT '{}'
);
-- The time line on an incident's page.
CREATE INDEX incident_events_of_incident ON incident_events (incident_id, id);

-- Written before a playbook acts: what has no end was interrupted, and is not begun a second time.
CREATE TABLE incident_attempts (
  incident_id uuid NOT NULL REFERENCES incidents ON DELETE CASCADE,
  number      integer NOT NULL CHECK (number > 0),
  playbook    text NOT NULL,
  targets     jsonb NOT NULL,
  begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at    timestamptz,
  outcome     text,
  results     jsonb,
  PRIMARY KEY (incident_id, number)
);
-- The cooldown of a playbook.
CREATE INDEX incident_attempts_of_playbook ON incident_attempts (playbook, begun_at DESC);

-- One row: whether playbooks may act at all.
CREATE TABLE automation (
  single     boolean PRIMARY KEY DEFAULT true CHECK (single),
  enabled    boolean NOT NULL DEFAULT true,
  changed_at timestamptz NOT NULL DEFAULT now(),
  changed_by text NOT NULL DEFAULT 'the migration',
  reason     text NOT NULL DEFAULT ''
);
INSERT INTO automation DEFAULT VALUES;

-- Queues that a playbook or a person holds: workers fetch no jobs from them until then.
CREATE TABLE paused_queues (
  queue  text PRIMARY KEY,
  until  timestamptz NOT NULL,
  reason text NOT NULL
);
