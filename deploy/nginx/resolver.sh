#!/bin/sh
# Run by the nginx image before nginx starts (/docker-entrypoint.d): the first name server of this container
# becomes nginx's own, so that an ingest that comes back at another address is found again. Only the first:
# nginx asks its name servers in turn, and the others know nothing of the containers' names.
set -eu
awk '$1 == "nameserver" { print "resolver " ($2 ~ /:/ ? "[" $2 "]" : $2) " valid=2s ipv6=off;"; exit }' \
    /etc/resolv.conf >/tmp/resolver.conf
