-- Breakers that a playbook or a person holds open: processes that ask this upstream refuse calls to it until then.
CREATE TABLE opened_breakers (
  upstream text PRIMARY KEY,
  until    timestamptz NOT NULL,
  reason   text NOT NULL
);
