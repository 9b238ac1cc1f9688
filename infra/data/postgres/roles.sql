-- Safe to run again: it makes what is missing and sets the passwords of this stack.
-- The passwords are read here, so that they are in no argument and no environment.
\set app_user `cat /run/secrets/roles/database-user`
\set app_password `cat /run/secrets/roles/database-password`
\set pooler_password `cat /run/secrets/roles/pooler-password`
\set responder_password `cat /run/secrets/roles/responder-password`
\set superuser_password `cat /run/secrets/roles/superuser-password`
\set replication_password `cat /run/secrets/roles/replication-password`
-- The text of these statements must be in no log and no statistics.
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
SET pg_stat_statements.track_utility = off;
SET auto_explain.log_min_duration = -1;

SELECT 'CREATE ROLE ' || name FROM unnest(ARRAY['media', 'exporter', 'pooler', 'replicator', 'responder']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- It has what the application has; who logs in is one of its members, each with a password of its own. One follows the other:
-- the last one stays valid until the pods that know it are gone.
SELECT format('CREATE ROLE %I', :'app_user') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'app_user') \gexec
ALTER ROLE :"app_user" WITH LOGIN PASSWORD :'app_password' VALID UNTIL 'infinity';
GRANT media TO :"app_user";
ALTER ROLE :"app_user" SET role TO 'media';
SELECT format('ALTER ROLE %I VALID UNTIL %L', rolname, now() + interval '30 minutes') FROM pg_roles
 WHERE rolname ~ '^media(_[0-9a-f]{8})?$' AND rolcanlogin AND rolname <> :'app_user'
   AND coalesce(rolvaliduntil, 'infinity') = 'infinity' \gexec

ALTER ROLE postgres PASSWORD :'superuser_password';
ALTER ROLE replicator WITH LOGIN REPLICATION PASSWORD :'replication_password';
-- Comes by the socket, without a password.
ALTER ROLE exporter WITH LOGIN PASSWORD NULL CONNECTION LIMIT 5;
GRANT pg_monitor TO exporter;
-- Sees what sessions do and may end it, those of superusers excepted, and may rotate the write-ahead log. It owns nothing and
-- reads no table.
ALTER ROLE responder WITH LOGIN PASSWORD :'responder_password' CONNECTION LIMIT 5;
GRANT pg_checkpoint, pg_signal_backend, pg_read_all_stats TO responder;
ALTER ROLE pooler WITH LOGIN PASSWORD :'pooler_password' CONNECTION LIMIT 10;

SELECT 'CREATE DATABASE media OWNER media' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'media') \gexec
-- Nobody but the application, and the superuser, has business in its database.
REVOKE CONNECT ON DATABASE media FROM PUBLIC;
GRANT CONNECT ON DATABASE media TO exporter, pooler, responder;

\connect media
SET log_min_duration_statement = -1;
-- The view of what statements cost; the exporter's role reads it there.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
-- Whether WAL was dropped (pgbackrest-push.sh).
GRANT EXECUTE ON FUNCTION pg_stat_file(text, boolean) TO exporter;
-- How much log there is, whether the store has it, and the end of the file in use.
GRANT EXECUTE ON FUNCTION pg_ls_waldir(), pg_ls_archive_statusdir(), pg_switch_wal() TO responder;

-- PgBouncer asks for logins of the application that its own file does not name: the last one, or the next.
CREATE SCHEMA IF NOT EXISTS pooler;
GRANT USAGE ON SCHEMA pooler TO pooler;
CREATE OR REPLACE FUNCTION pooler.login(wanted text) RETURNS TABLE (usename text, passwd text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT rolname::text, rolpassword FROM pg_authid
   WHERE rolname = wanted AND rolcanlogin AND rolname ~ '^media(_[0-9a-f]{8})?$'
     AND coalesce(rolvaliduntil, 'infinity') > now()
$$;
REVOKE ALL ON FUNCTION pooler.login(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pooler.login(text) TO pooler;
