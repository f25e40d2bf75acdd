-- The two roles and the database of DocuVault. Run as superuser by psql 15 or newer: by the postgres image at its first
-- start, by script/up and script/test at every start, and by hand to change the passwords:
--
--   psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres -f 01-init-users.sql
--
-- docuvault_migrate  owns the database and its schema and may change them (docuvault migrate)
-- docuvault_app      reads and writes rows, where a migration has granted it; creates nothing (docuvault serve, worker)
--
-- From the environment: DOCUVAULT_APP_PASSWORD, DOCUVAULT_MIGRATE_PASSWORD, and DOCUVAULT_DB (default docuvault).
-- Can be read again, also by several at once, when all are connected to the same database (locks are per database).

\set ON_ERROR_STOP on
\set QUIET on
-- A statement that fails must not carry a password into the server's log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET client_min_messages = warning;

\set app_password ''
\set migrate_password ''
\set db docuvault
\getenv app_password DOCUVAULT_APP_PASSWORD
\getenv migrate_password DOCUVAULT_MIGRATE_PASSWORD
\getenv db DOCUVAULT_DB
SELECT :'app_password' = '' AS app_missing, :'migrate_password' = '' AS migrate_missing, :'db' = '' AS db_missing \gset
\if :db_missing
    \set db docuvault
\endif
\if :app_missing
    DO $$ BEGIN RAISE EXCEPTION 'DOCUVAULT_APP_PASSWORD is not set'; END $$;
\endif
\if :migrate_missing
    DO $$ BEGIN RAISE EXCEPTION 'DOCUVAULT_MIGRATE_PASSWORD is not set'; END $$;
\endif

-- ---- roles: the whole server's, so one reader at a time -----------------------------------------------------------
SELECT pg_advisory_lock(hashtext('docuvault: roles')) AS locked \gset

SELECT format('CREATE ROLE %I', name)
FROM (VALUES ('docuvault_migrate'), ('docuvault_app')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
-- Said in full, so that reading it again also takes back what somebody has added.
ALTER ROLE docuvault_migrate LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'migrate_password';
ALTER ROLE docuvault_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';

-- An outage is told from a mistake by what the server says, and that is in English.
ALTER ROLE docuvault_migrate SET lc_messages TO 'C';
ALTER ROLE docuvault_app SET lc_messages TO 'C';

SELECT pg_advisory_unlock(hashtext('docuvault: roles')) AS unlocked \gset

-- ---- the database: one reader at a time for each name; the session's end lets go -----------------------------------
SELECT pg_advisory_lock(hashtext('docuvault: database'), hashtext(:'db')) AS locked \gset

-- template0 and C.UTF-8: the same order and the same characters wherever the server was made.
SELECT format('CREATE DATABASE %I OWNER docuvault_migrate TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'db')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db')
\gexec
ALTER DATABASE :"db" OWNER TO docuvault_migrate;
-- By default everybody may connect, and make temporary tables.
REVOKE ALL ON DATABASE :"db" FROM PUBLIC, docuvault_app;
GRANT CONNECT ON DATABASE :"db" TO docuvault_app, docuvault_migrate;

\connect :"db"
SET client_min_messages = warning;
ALTER SCHEMA public OWNER TO docuvault_migrate;
REVOKE ALL ON SCHEMA public FROM PUBLIC, docuvault_app;
GRANT USAGE ON SCHEMA public TO docuvault_app;
