"""Writes `kafka.lock` anew: `python -m deploy.local.relock`, after KAFKA has been changed below.

The sums are those of what the archive serves now: look at the difference before committing it.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import jgo
from jgo.maven import MavenContext

from deploy.local.downloads import LOCK

#: The broker, and the logging backend that its own distribution ships beside it.
KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"

_HEADER = "# Kafka's jars: sha256, bytes, group:artifact:version. Made by `python -m deploy.local.relock`.\n"


def main() -> None:
    """Resolve, download and sum every jar that Kafka needs."""
    artifacts = {
        (artifact.groupId, artifact.artifactId, artifact.version)
        for artifact in jgo.resolve(KAFKA)
        if artifact.packaging == "jar"
    }
    group, artifact, version = LOGGING.split(":")
    artifacts.add((group, artifact, version))
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder))
        for group, artifact, version in sorted(artifacts):
            content = context.project(group, artifact).at_version(version).artifact().resolve().read_bytes()
            coordinate = f"{group}:{artifact}:{version}"
            lines.append(f"{hashlib.sha256(content).hexdigest()} {len(content):>8} {coordinate}\n")
    LOCK.write_text(_HEADER + "".join(lines), "utf-8")


if __name__ == "__main__":
    main()
