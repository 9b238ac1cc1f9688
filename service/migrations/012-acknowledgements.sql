-- Under which keys PagerDuty has incidents of ours: Alertmanager's, one for each group of alerts. The same key comes again
-- with the next incident of the group.
CREATE TABLE incident_pages (
  key         text NOT NULL,
  incident_id uuid NOT NULL REFERENCES incidents ON DELETE CASCADE,
  told_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (key, incident_id)
);
-- The keys of an incident, when PagerDuty is told that a person has it.
CREATE INDEX incident_pages_of_incident ON incident_pages (incident_id);

-- Signed messages of PagerDuty and Slack that were taken: each counts once.
CREATE TABLE taken_messages (
  id       text PRIMARY KEY,
  taken_at timestamptz NOT NULL DEFAULT now()
);
-- What is too old to come again is deleted.
CREATE INDEX taken_messages_by_age ON taken_messages (taken_at);
