-- Incidents whose post-mortems have something left to do: listed on a page and counted until closed.
CREATE INDEX incidents_with_follow_ups ON incidents (closed_at) WHERE post_mortem LIKE '%- [ ] %';
