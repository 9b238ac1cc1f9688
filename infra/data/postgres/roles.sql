-- Safe to run again: it makes what is missing and sets the passwords of this stack.
-- The passwords are read here, so that they are in no argument and no environment.
\set app_password `cat /run/secrets/roles/database-password`
\set exporter_password `cat /run/secrets/roles/exporter-password`

SELECT 'CREATE ROLE ' || name FROM unnest(ARRAY['media', 'exporter']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE media WITH LOGIN PASSWORD :'app_password';
ALTER ROLE exporter WITH LOGIN PASSWORD :'exporter_password' CONNECTION LIMIT 5;
GRANT pg_monitor TO exporter;
SELECT 'CREATE DATABASE media OWNER media' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'media') \gexec
-- Nobody but the application, and the superuser, has business in its database.
REVOKE CONNECT ON DATABASE media FROM PUBLIC;
GRANT CONNECT ON DATABASE media TO exporter;

-- The view of what statements cost; the exporter's role reads it there.
\connect media
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
