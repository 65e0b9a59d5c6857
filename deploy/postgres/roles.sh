#!/bin/bash
# Run once by the postgres image, on an empty data folder: the database, the role that owns it
# (migrations) and the role that the processes use, which owns nothing.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$(cat /run/secrets/owner_password)" \
    --set app_password="$(cat /run/secrets/app_password)" <<'SQL'
CREATE ROLE hookline_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE hookline_app LOGIN PASSWORD :'app_password';
CREATE DATABASE hookline OWNER hookline_owner;
REVOKE ALL ON DATABASE hookline FROM PUBLIC;
GRANT CONNECT ON DATABASE hookline TO hookline_app;
SQL
