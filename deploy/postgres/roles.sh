#!/bin/bash
# The database, the role that owns it (migrations) and a role for each process and for operators, which own nothing.
# Run by the postgres image on an empty data folder; run it again after an upgrade that brings new roles, or to set
# passwords anew: what is there stays. What each role may do is `hookline db migrate`'s to say.
set -euo pipefail

# role NAME FILE: NAME with the password in /run/secrets/FILE
role() {
    psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
        --set role="$1" --set password="$(cat "/run/secrets/$2")" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" PASSWORD :'password';
SQL
}

role hookline_owner owner_password
for process in persist opt-out crm-sync gate operator; do
    role "hookline_${process//-/_}" "${process}_password"
done

psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
SELECT 'CREATE DATABASE hookline OWNER hookline_owner'
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'hookline') \gexec
REVOKE ALL ON DATABASE hookline FROM PUBLIC;
SQL
