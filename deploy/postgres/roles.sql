-- The roles and the database, as a superuser; what is there already stays, with the passwords that are given now:
--   OWNER_PASSWORD=... INGEST_PASSWORD=... PERSIST_PASSWORD=... OPT_OUT_PASSWORD=... CRM_SYNC_PASSWORD=... \
--   ANALYTICS_PASSWORD=... GATE_PASSWORD=... CONSOLE_PASSWORD=... NOTIFIER_PASSWORD=... OPERATOR_PASSWORD=... \
--   READER_PASSWORD=... RETENTION_PASSWORD=... ERASE_PASSWORD=... psql --file deploy/postgres/roles.sql postgres
-- The owner's role is for migrations (hookline db migrate), which also grant each process's role what it needs. Those
-- own nothing; the operator's is for commands, the reader's for analysts.
\set ON_ERROR_STOP on
-- From the environment: other users of a machine see a command's arguments.
\getenv owner_password OWNER_PASSWORD
\getenv ingest_password INGEST_PASSWORD
\getenv persist_password PERSIST_PASSWORD
\getenv opt_out_password OPT_OUT_PASSWORD
\getenv crm_sync_password CRM_SYNC_PASSWORD
\getenv analytics_password ANALYTICS_PASSWORD
\getenv gate_password GATE_PASSWORD
\getenv console_password CONSOLE_PASSWORD
\getenv notifier_password NOTIFIER_PASSWORD
\getenv operator_password OPERATOR_PASSWORD
\getenv reader_password READER_PASSWORD
\getenv retention_password RETENTION_PASSWORD
\getenv erase_password ERASE_PASSWORD
SELECT 'CREATE ROLE hookline_owner LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_owner') \gexec
ALTER ROLE hookline_owner PASSWORD :'owner_password';
SELECT 'CREATE ROLE hookline_ingest LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_ingest') \gexec
ALTER ROLE hookline_ingest PASSWORD :'ingest_password';
SELECT 'CREATE ROLE hookline_persist LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_persist') \gexec
ALTER ROLE hookline_persist PASSWORD :'persist_password';
SELECT 'CREATE ROLE hookline_opt_out LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_opt_out') \gexec
ALTER ROLE hookline_opt_out PASSWORD :'opt_out_password';
SELECT 'CREATE ROLE hookline_crm_sync LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_crm_sync') \gexec
ALTER ROLE hookline_crm_sync PASSWORD :'crm_sync_password';
SELECT 'CREATE ROLE hookline_analytics LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_analytics') \gexec
ALTER ROLE hookline_analytics PASSWORD :'analytics_password';
SELECT 'CREATE ROLE hookline_gate LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_gate') \gexec
ALTER ROLE hookline_gate PASSWORD :'gate_password';
SELECT 'CREATE ROLE hookline_console LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_console') \gexec
ALTER ROLE hookline_console PASSWORD :'console_password';
SELECT 'CREATE ROLE hookline_notifier LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_notifier') \gexec
ALTER ROLE hookline_notifier PASSWORD :'notifier_password';
SELECT 'CREATE ROLE hookline_operator LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_operator') \gexec
ALTER ROLE hookline_operator PASSWORD :'operator_password';
SELECT 'CREATE ROLE hookline_reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_reader') \gexec
ALTER ROLE hookline_reader PASSWORD :'reader_password';
SELECT 'CREATE ROLE hookline_retention LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_retention') \gexec
ALTER ROLE hookline_retention PASSWORD :'retention_password';
SELECT 'CREATE ROLE hookline_erase LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hookline_erase') \gexec
ALTER ROLE hookline_erase PASSWORD :'erase_password';
SELECT 'CREATE DATABASE hookline OWNER hookline_owner'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'hookline') \gexec
REVOKE ALL ON DATABASE hookline FROM PUBLIC;
-- An error's detail quotes the row that failed, with its phone and its text, and an error's statement may do so too:
-- neither belongs in the server's log. Whoever runs into the error is still told all of it. For every role that
-- connects to this database; only a superuser may set or change it.
ALTER DATABASE hookline SET log_error_verbosity = terse;
ALTER DATABASE hookline SET log_min_error_statement = panic;
