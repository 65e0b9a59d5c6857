"""Kafka's jars, from an archive that the tests play."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from deploy.local.downloads import DownloadError, Jar, cache_folder, ensure_jars, read_lock, system_certificates

CONTENTS = {name: name.encode() * 100 for name in ("one", "two", "three")}


def jar(name: str) -> Jar:
    content = CONTENTS[name]
    return Jar(hashlib.sha256(content).hexdigest(), len(content), "org.example", name, "1.0")


JARS = tuple(map(jar, CONTENTS))


class Archive:
    """Brings jars, and remembers which."""

    def __init__(self) -> None:
        self.brought: list[str] = []

    def __call__(self, expected: Jar, folder: Path) -> Path:
        self.brought.append(expected.artifact)
        path = folder / expected.artifact / expected.name
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENTS[expected.artifact])
        return path


def failing(error: BaseException) -> Callable[[Jar, Path], Path]:
    def fetch(_jar: Jar, _folder: Path) -> Path:
        raise error

    return fetch


def test_the_lock_names_every_jar_with_its_sum_and_no_address() -> None:
    jars = read_lock()
    assert {"kafka_2.13-4.3.1.jar", "log4j-slf4j-impl-2.25.4.jar"} <= {jar.name for jar in jars}
    assert all(len(bytes.fromhex(jar.sha256)) == 32 and jar.size > 0 for jar in jars)
    assert len({jar.name for jar in jars}) == len(jars)
    assert "://" not in Path(read_lock.__code__.co_filename).with_name("kafka.lock").read_text()


def test_a_second_start_needs_no_network(tmp_path: Path) -> None:
    progress: list[tuple[str, int, int]] = []
    first = ensure_jars(tmp_path, JARS, lambda *reported: progress.append(reported), Archive())

    second = ensure_jars(tmp_path, JARS, fetch=failing(AssertionError("the network was asked")))

    assert first == second == [tmp_path / "jars" / jar.name for jar in JARS]
    assert [path.read_bytes() for path in first] == list(CONTENTS.values())
    total = sum(jar.size for jar in JARS)
    assert progress[0] == ("Kafka", 0, total)
    assert progress[-1] == ("Kafka", total, total)
    assert not (tmp_path / "incoming").exists()


def test_a_start_that_was_interrupted_goes_on_where_it_stood(tmp_path: Path) -> None:
    # Given: the transfer of one of them was cut off, and left a piece where it was brought
    archive = Archive()

    def cut(expected: Jar, folder: Path) -> Path:
        if expected.artifact == "three":
            archive(expected, folder).write_bytes(b"a piece")
            raise KeyboardInterrupt
        return archive(expected, folder)

    with pytest.raises(KeyboardInterrupt):
        ensure_jars(tmp_path, JARS, fetch=cut)
    assert not (tmp_path / "jars" / "three-1.0.jar").exists()
    arrived = set(archive.brought) - {"three"}

    again = Archive()
    paths = ensure_jars(tmp_path, JARS, fetch=again)

    assert set(again.brought) == set(CONTENTS) - arrived
    assert paths[2].read_bytes() == CONTENTS["three"]


def test_a_file_that_changed_in_the_cache_is_fetched_anew(tmp_path: Path) -> None:
    paths = ensure_jars(tmp_path, JARS, fetch=Archive())
    paths[1].write_bytes(b"x" * JARS[1].size)

    archive = Archive()
    ensure_jars(tmp_path, JARS, fetch=archive)

    assert archive.brought == ["two"]
    assert paths[1].read_bytes() == CONTENTS["two"]


def test_a_wrong_sum_is_refused_and_not_kept(tmp_path: Path) -> None:
    def tampered(expected: Jar, folder: Path) -> Path:
        path = folder / expected.name
        folder.mkdir(exist_ok=True)
        path.write_bytes(b"y" * expected.size)
        return path

    with pytest.raises(DownloadError, match=r"checksum that is not the one in kafka\.lock"):
        ensure_jars(tmp_path, JARS[:1], fetch=tampered)
    assert list((tmp_path / "jars").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (requests.ConnectionError("unreachable"), "HTTPS_PROXY"),
        (requests.ConnectionError("unreachable"), "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"),
        (OSError(errno.ENOSPC, "No space left on device"), "is full .* set HOOKLINE_CACHE"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be used .* HOOKLINE_CACHE"),
    ],
)
def test_trouble_is_a_sentence_that_names_the_fix(tmp_path: Path, error: BaseException, sentence: str) -> None:
    with pytest.raises(DownloadError, match=sentence) as raised:
        ensure_jars(tmp_path, JARS, fetch=failing(error))
    assert raised.value.exit_code == 69


def test_a_disk_without_room_is_noticed_before_anything_is_fetched(tmp_path: Path) -> None:
    huge = Jar("0" * 64, 1 << 60, "org.example", "huge", "1.0")
    with pytest.raises(DownloadError, match=r"is full .* MB are needed"):
        ensure_jars(tmp_path, [huge], fetch=failing(AssertionError("it was fetched")))


def test_the_cache_is_where_the_setting_says(tmp_path: Path) -> None:
    assert cache_folder({"HOOKLINE_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({}).name == "hookline"


def test_jars_in_a_cache_can_be_read_by_whoever_shares_it(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        first, *_ = ensure_jars(tmp_path, JARS, fetch=Archive())
    finally:
        os.umask(before)
    assert first.stat().st_mode & 0o777 == 0o644


def test_a_certificate_that_is_not_trusted_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"certificate is not trusted here.* set SSL_CERT_FILE"):
        ensure_jars(tmp_path, JARS, fetch=failing(requests.exceptions.SSLError("self-signed")))


def test_the_certificates_that_are_named_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "ca.pem"
    named.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(named))
    assert system_certificates() == str(named)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "not there"))
    assert system_certificates() != str(tmp_path / "not there")
