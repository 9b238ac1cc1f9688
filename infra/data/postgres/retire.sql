-- Takes away logins of the application whose time is over (roles.sql). `media` itself owns what is there and only loses its login.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_roles ON rolname = usename
 WHERE rolname ~ '^media(_[0-9a-f]{8})?$' AND rolvaliduntil < now();
SELECT format(CASE rolname WHEN 'media' THEN 'ALTER ROLE %I NOLOGIN PASSWORD NULL VALID UNTIL ''infinity''' ELSE 'DROP ROLE %I' END, rolname)
  FROM pg_roles WHERE rolname ~ '^media(_[0-9a-f]{8})?$' AND rolvaliduntil < now() \gexec
