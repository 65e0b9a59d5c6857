#!/bin/sh
# Replaces services of the compose file, one after the other, by containers of the current image, settings and secrets:
#   sh deploy/replace.sh ingest-1 ingest-2 persist
# An ingest is waited for until nginx reaches it, so that one of them always takes webhooks.
# COMPOSE names the program and the project: docker compose -p hookline (the default where there is a docker), or
# podman-compose -p hookline.
set -eu

file=$(cd "$(dirname "$0")" && pwd)/compose.yaml
compose=${COMPOSE:-$(command -v docker >/dev/null && echo 'docker compose -p hookline' || echo 'podman-compose -p hookline')}
case $compose in podman*) engine=podman ;; *) engine=docker ;; esac
project=$(echo "$compose" | sed -n 's/.* -p *\([^ ]*\).*/\1/p')

# container SERVICE: its id, running or not
container() {
    $engine ps --all --quiet --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.service=$1"
}

for service; do
    # Longer than any service takes to finish what is in flight, commit and leave.
    $engine stop --time 40 "$(container "$service")" >/dev/null
    $engine rm "$(container "$service")" >/dev/null
    # podman-compose 1.0.3 has no --no-deps: it complains of dependencies that run, and leaves them.
    $compose -f "$file" up --detach --no-deps "$service" >/dev/null 2>&1 || true
    id=$(container "$service")
    if [ -z "$id" ]; then echo "$service did not start: $compose -f $file up --detach $service" >&2; exit 1; fi
    case $service in
    ingest-*) $engine exec "$(container nginx)" /docker-entrypoint.d/30-upstream.sh wait "$service" ;;
    esac
    echo "replaced $service"
done
