-- The roles and the database, once, as a superuser, on a server without them:
--   OWNER_PASSWORD=... APP_PASSWORD=... psql --file deploy/postgres/roles.sql postgres
-- The owner's role is for migrations (hookline db migrate). The processes' role owns nothing.
\set ON_ERROR_STOP on
-- From the environment: other users of a machine see a command's arguments.
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
CREATE ROLE hookline_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE hookline_app LOGIN PASSWORD :'app_password';
CREATE DATABASE hookline OWNER hookline_owner;
REVOKE ALL ON DATABASE hookline FROM PUBLIC;
GRANT CONNECT ON DATABASE hookline TO hookline_app;
-- An error's detail quotes the row that failed, with its phone and its text, and an error's statement may do so too:
-- neither belongs in the server's log. Whoever runs into the error is still told all of it. For every role that
-- connects to this database; only a superuser may set or change it.
ALTER DATABASE hookline SET log_error_verbosity = terse;
ALTER DATABASE hookline SET log_min_error_statement = panic;
