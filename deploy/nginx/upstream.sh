#!/bin/sh
# The addresses of the ingests for nginx. Run by the nginx image before nginx starts (/docker-entrypoint.d): writes
# /tmp/upstream.conf and goes on doing so in the background, reloading nginx when an address or the list has changed.
#
#   upstream.sh              what the image runs
#   upstream.sh wait NAME    returns once every worker of nginx reaches NAME, which is ready; fails after a minute
#
# nginx's own `resolve` is not used: it forgets a server whose name is unknown for a moment, as aardvark-dns 1.4 makes
# them when containers start or stop. Here an address is replaced only by another address. A wrong one costs a
# connection attempt, and the other ingest takes the webhook.
set -eu

# Ranges such as a-z mean ASCII: in Turkish they leave the i out.
export LC_ALL=C

# A name server that does not answer holds up the look for the other ingest no longer than this.
export RES_OPTIONS='timeout:1 attempts:2'

ingests=/etc/hookline/ingests
current=/tmp/upstream.conf

# servers: NAME:PORT each
servers() { grep -E '^[A-Za-z0-9._-]+:[0-9]+$' "$ingests"; }

# address_of NAME: as the C library finds it, asking every name server there is; nothing where it has no answer
address_of() { getent ahostsv4 "$1" | awk '$1 ~ /^[0-9.]+$/ { print $1; exit }'; }

# known NAME: its address and port in the file that nginx has read
known() { sed -n "s/^server \\([0-9.:]*\\) .*# $1\$/\\1/p" "$current" 2>/dev/null; }

# write FILE: a line a server that has an address, now or the last that it had
write() {
    servers | while IFS=: read -r name port; do
        address=$(address_of "$name" || true)
        address=${address:+$address:$port}
        address=${address:-$(known "$name")}
        # max_fails=0: none is ever marked down, that would only refuse more events.
        if [ -n "$address" ]; then echo "server $address max_fails=0; # $name"; fi
    done >"$1"
    # nginx wants one server at least. Nobody listens here: the answer is a 503 with Retry-After.
    [ -s "$1" ] || echo 'server 127.0.0.1:9 max_fails=0;' >"$1"
}

# follow: forever; a reload that failed is tried again with the next look
follow() {
    while sleep 1; do
        write "$current.new"
        if ! cmp -s "$current.new" "$current"; then
            mv "$current.new" "$current"
            nginx -s reload || echo '# not loaded' >>"$current"
        fi
    done
}

# loaded: whether every worker has the addresses in the file. After a reload the workers of before serve connections that
# are open for some seconds more, with the addresses of before. The brackets keep grep from finding itself.
loaded() {
    [ $(($(date +%s) - $(stat -c %Y "$current"))) -ge 3 ] &&
        ! grep -qs 'nginx: worker process is shuttin[g] down' /proc/[0-9]*/cmdline
}

case ${1:-start} in
start)
    write "$current"
    follow &
    ;;
wait)
    for _ in $(seq 60); do
        address=$(known "$2")
        if [ -n "$address" ] && loaded &&
            curl --silent --fail --max-time 2 --output /dev/null "http://$address/readyz"; then
            exit 0
        fi
        sleep 1
    done
    echo "nginx does not reach $2 at ${address:-any address}" >&2
    exit 1
    ;;
*)
    echo "usage: upstream.sh [wait NAME]" >&2
    exit 2
    ;;
esac
