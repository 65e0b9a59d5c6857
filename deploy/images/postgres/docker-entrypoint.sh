#!/bin/bash
# The public image's entrypoint, in short: the first start makes the cluster, the superuser and the
# database named by POSTGRES_*, and runs what lies in /docker-entrypoint-initdb.d; every start then
# becomes the user postgres and runs the server.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres:postgres "$(dirname "$PGDATA")" /run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ "${1:-postgres}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    export POSTGRES_USER=${POSTGRES_USER:-postgres}
    export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
    POSTGRES_PASSWORD=${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:-/dev/null}")}
    if [ -z "$POSTGRES_PASSWORD" ]; then
        echo "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must name the superuser's password" >&2
        exit 1
    fi
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    # shellcheck disable=SC2086 # the arguments are words
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
        --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl --wait -o "-c listen_addresses='' -c unix_socket_directories=/run/postgresql,/tmp" start
    export PGUSER=$POSTGRES_USER
    if [ "$POSTGRES_DB" != postgres ]; then
        createdb --maintenance-db=postgres "$POSTGRES_DB"
    fi
    export PGDATABASE=$POSTGRES_DB
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
        *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
        *.sql) psql --set ON_ERROR_STOP=1 --no-password --file "$script" ;;
        esac
    done
    pg_ctl --mode=fast --wait stop
    unset PGUSER PGDATABASE
    echo 'PostgreSQL init process complete; ready for start up.'
fi

if [ "${1:-postgres}" = postgres ]; then
    shift || true
    exec postgres -c unix_socket_directories=/run/postgresql,/tmp "$@"
fi
exec "$@"
