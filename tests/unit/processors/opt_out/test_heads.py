"""Signed heads: what a key vouches for, and that a key is changed without a stop."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from processors.opt_out.heads import HeadSigner, HeadVerifier, SignedHead, key_name
from processors.opt_out.settings import OptOutSettings

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HASH = "ab" * 32


def test_a_head_is_genuine_by_the_public_key_alone() -> None:
    signer = HeadSigner(OLD)
    head = signer.sign(17, HASH, NOW)
    assert HeadVerifier([signer.public_key]).genuine(head.line()) == head
    assert (head.position, head.hash, head.key) == (17, HASH, key_name(signer.public_key))


@pytest.mark.parametrize(
    "changed",
    [
        {"position": 18},
        {"position": True},
        {"hash": "ac" * 32},
        {"signed_at": "2026-11-28T12:00:01.000000+00:00"},
        {"key": "0" * 16},
        {"signature": ""},
        {"signature": base64.b64encode(b"x" * 64).decode()},
    ],
)
def test_a_head_that_was_changed_is_not(changed: dict[str, object]) -> None:
    signer = HeadSigner(OLD)
    forged = replace(signer.sign(17, HASH, NOW), **changed)  # type: ignore[arg-type]
    assert HeadVerifier([signer.public_key]).genuine(forged.line()) is None


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())
)
def test_junk_is_no_head(line: bytes) -> None:
    assert HeadVerifier([HeadSigner(OLD).public_key]).genuine(line) is None


@pytest.mark.parametrize("line", [b"{}", b"[" * 100_000, b'{"position": NaN}', b'{"position": 1, "more": 2}', b"\xff"])
def test_odd_lines_are_no_heads(line: bytes) -> None:
    assert HeadVerifier([HeadSigner(OLD).public_key]).genuine(line) is None


def test_a_key_is_changed_without_a_stop() -> None:
    # Given heads of the old key, and two processes of which one has the new setting already
    before = OptOutSettings(head_keys=(OLD,))
    between = OptOutSettings(head_keys=(NEW, OLD))
    after = OptOutSettings(head_keys=(NEW,), head_public_keys=(HeadSigner(OLD).public_key,))
    old, new = (
        HeadSigner(settings.head_keys[0].get_secret_value()).sign(position, HASH, NOW)
        for position, settings in ((1, before), (2, between))
    )

    # Then the first key signs, and at every stage what the other process signs counts too
    assert (old.key, new.key) == (key_name(HeadSigner(OLD).public_key), key_name(HeadSigner(NEW).public_key))
    for settings in (between, after):
        verifier = HeadVerifier(settings.all_head_public_keys())
        assert verifier.genuine(old.line()) == old
        assert verifier.genuine(new.line()) == new
    # And somebody who knows the old public key only does not believe the new one
    assert HeadVerifier(before.all_head_public_keys()).genuine(new.line()) is None


@pytest.mark.parametrize("key", ["", "short", "x" * 44, base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_key_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in Base64"):
        HeadSigner(key)
    if key:
        with pytest.raises(ValidationError):
            OptOutSettings(head_keys=(key,))
        with pytest.raises(ValidationError):
            OptOutSettings(head_public_keys=(key,))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_an_auditor_needs_nothing_of_ours(tmp_path: Path) -> None:
    """As docs/opt-outs.md says it: the public key as DER, the statement, the signature, and openssl."""
    signer = HeadSigner(OLD)
    head: SignedHead = signer.sign(17, HASH, NOW)
    prefix = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 key follows
    (tmp_path / "key.der").write_bytes(prefix + base64.b64decode(signer.public_key))
    (tmp_path / "head").write_bytes(head.statement)
    (tmp_path / "signature").write_bytes(base64.b64decode(head.signature))
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        "key.der",
        "-rawin",
        "-in",
        "head",
    ]
    done = subprocess.run([*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
