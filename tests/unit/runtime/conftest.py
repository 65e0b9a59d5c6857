"""PEM files that the settings' tests name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def pem_files(tmp_path: Path) -> tuple[str, str]:
    """A certificate, which is its own authority, and its key, whose password is `keypass`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not here")
    certificate, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    make = ("req", "-x509", "-newkey", "rsa:2048", "-subj", "/CN=kafka", "-days", "2", "-passout", "pass:keypass")
    subprocess.run([openssl, *make, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key
