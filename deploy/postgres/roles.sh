#!/bin/bash
# Run by the postgres image on an empty data folder: roles.sql with the passwords of the compose file's secrets. Run it
# again after an upgrade that brings new roles, or to set passwords anew.
set -euo pipefail

for name in owner ingest persist opt-out crm-sync analytics gate console notifier operator reader retention erase; do
    variable=${name^^}_PASSWORD
    export "${variable//-/_}=$(cat "/run/secrets/${name}_password")"
done
psql --quiet --username "${POSTGRES_USER:-postgres}" --dbname postgres --file /etc/hookline/roles.sql
