#!/bin/sh
# The public image's entrypoint, in short: every script in /docker-entrypoint.d, then the command.
set -eu
for script in /docker-entrypoint.d/*.sh; do
    if [ -x "$script" ]; then "$script"; fi
done
exec "$@"
