"""Kafka's jars: fetched once into a cache, checked against `kafka.lock`, and from then on without a network.

A jar is put in its place only after its sha256 sum has been found right, so that a kill half-way leaves nothing
half-done; every start checks them all again (46 MB, a tenth of a second).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock

import platformdirs
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

LOCK = Path(__file__).with_name("kafka.lock")

#: Told how far something has come: what it is, bytes done, bytes in all.
Report = Callable[[str, int, int], None]

#: Debian, Red Hat, SUSE, and macOS with Alpine.
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

#: At once: most jars are small, and their round trips are what takes the time.
_AT_ONCE = 6


class DownloadError(Exception):
    """Do what the sentence says, then start again: nothing half-done is left behind."""

    exit_code = 69  # a service is unavailable (sysexits.h)


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    sha256: str  #: in hexadecimal
    size: int  #: bytes
    group: str
    artifact: str
    version: str

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.artifact}-{self.version}.jar"


#: Brings a jar into the folder given and tells where in there it is.
Fetch = Callable[[Jar, Path], Path]


def silent(_what: str, _done: int, _total: int) -> None:
    """Report nothing."""


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """HOOKLINE_CACHE, else `hookline` in the user's cache folder of this platform."""
    environ = os.environ if environ is None else environ
    given = environ.get("HOOKLINE_CACHE")
    return Path(given).expanduser().resolve() if given else platformdirs.user_cache_path("hookline")


def read_lock(path: Path = LOCK) -> tuple[Jar, ...]:
    """The jars that a lock file names."""
    jars = []
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            sha256, size, coordinate = line.split()
            jars.append(Jar(sha256, int(size), *coordinate.split(":")))
    return tuple(jars)


def ensure_jars(cache: Path, jars: Sequence[Jar], report: Report = silent, fetch: Fetch | None = None) -> list[Path]:
    """The verified files of `jars`, in their order; fetched with `fetch` where the cache lacks them.

    Raises DownloadError: no network, a full disk, a sum that is not the lock's.
    """
    try:
        folder = cache / "jars"
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(cache):
            missing = [jar for jar in jars if not _is(folder / jar.name, jar)]
            if missing:
                _need_room(cache, sum(jar.size for jar in missing))
                _download(missing, cache, folder, report, fetch or fetch_from_maven)
    except OSError as error:
        from requests import RequestException

        if isinstance(error, RequestException):  # an OSError too, and about no file
            raise _no_network(error) from error
        raise _unwritable(cache, error) from error
    return [folder / jar.name for jar in jars]


def fetch_from_maven(jar: Jar, folder: Path) -> Path:
    """`jar` from the Java world's public archive, through jgo. Raises requests.RequestException."""
    from jgo.maven import MavenContext  # half a second of CPU time that only a first start spends
    from requests import RequestException

    if certificates := system_certificates():
        os.environ.setdefault("REQUESTS_CA_BUNDLE", certificates)
    context = MavenContext(repo_cache=folder, timeout=30)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()

    @retry(
        retry=retry_if_exception_type(RequestException),
        stop=stop_after_attempt(3),
        wait=wait_exponential_jitter(multiplier=0.5, max=5),
        reraise=True,
    )
    def resolve() -> Path:
        if artifact.cached_path is not None:
            artifact.cached_path.unlink(missing_ok=True)  # what a broken transfer left would be taken for whole
        return Path(artifact.resolve())

    try:
        return resolve()
    except RuntimeError as error:  # what jgo raises for any answer but 200
        raise DownloadError(f"Kafka's {jar.name} could not be downloaded: {error}") from error


def system_certificates() -> str | None:
    """A file with the certificates that this machine trusts; requests has a list of its own, without a proxy's.

    SSL_CERT_FILE, else where this platform keeps them; None: there is no such file.
    """
    places = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().openssl_cafile, *_CERTIFICATES)
    return next((place for place in places if place and Path(place).is_file()), None)


def _download(missing: Sequence[Jar], cache: Path, folder: Path, report: Report, fetch: Fetch) -> None:
    staging = cache / "incoming"
    shutil.rmtree(staging, ignore_errors=True)
    total, done, counting, given_up = sum(jar.size for jar in missing), 0, Lock(), Event()

    def download(jar: Jar) -> None:
        nonlocal done
        if given_up.is_set():
            return
        fetched = fetch(jar, staging)
        if not _is(fetched, jar):
            raise DownloadError(
                f"{jar.name} came with a checksum that is not the one in {LOCK.name}, so it is not used. Something"
                " between here and the archive changes files (a proxy, a mirror), or the archive has been tampered"
                " with: try again from another network."
            )
        fetched.chmod(0o644)  # a cache that users share, whatever the umask of the one who filled it
        os.replace(fetched, folder / jar.name)
        with counting:
            done += jar.size
            report("Kafka", done, total)

    report("Kafka", 0, total)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for _ in pool.map(download, sorted(missing, key=lambda jar: -jar.size)):
                pass
        except BaseException:
            given_up.set()
            raise
    shutil.rmtree(staging, ignore_errors=True)


def _is(path: Path, jar: Jar) -> bool:
    """Whether the file at `path` is `jar`, by its sum."""
    if not path.is_file() or path.stat().st_size != jar.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Two stacks that start at once take turns: the second finds everything there."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _need_room(cache: Path, size: int) -> None:
    free = shutil.disk_usage(cache).free
    if free < size + (16 << 20):
        raise OSError(errno.ENOSPC, f"{size / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free")


def _unwritable(cache: Path, error: OSError) -> DownloadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DownloadError(
            f"The disk that holds {cache} is full ({error.strerror}):"
            " free some space, or set HOOKLINE_CACHE to a folder on another disk."
        )
    return DownloadError(
        f"The cache folder {cache} cannot be used ({error.strerror}): set HOOKLINE_CACHE to one you can write to."
    )


def _no_network(error: Exception) -> DownloadError:
    from requests.exceptions import SSLError

    if isinstance(error, SSLError):
        return DownloadError(
            "Kafka's jars could not be downloaded: the archive's certificate is not trusted here. Behind a proxy that"
            " inspects TLS, set SSL_CERT_FILE to a file with that proxy's certificate."
        )
    return DownloadError(
        f"Kafka's jars could not be downloaded ({type(error).__name__}). The first start needs the network once:"
        " check it (and HTTPS_PROXY, if you are behind a proxy), or set HOOKLINE_KAFKA__BOOTSTRAP_SERVERS to a"
        " Kafka of your own."
    )
