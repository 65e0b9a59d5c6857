#!/bin/bash
# Run once by the postgres image, on an empty data folder: roles.sql with the passwords of the compose file's secrets.
set -euo pipefail

OWNER_PASSWORD=$(cat /run/secrets/owner_password) APP_PASSWORD=$(cat /run/secrets/app_password) \
    psql --username "$POSTGRES_USER" --dbname postgres --file /etc/hookline/roles.sql
