"""PEM files that settings name, read once before anything starts."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _readable(path: str) -> str:
    try:
        Path(path).read_bytes()
    except OSError as error:
        why = {"path": path, "reason": error.strerror or type(error).__name__}
        raise PydanticCustomError("file", "{path} cannot be read: {reason}", why) from None
    except ValueError:  # NUL
        raise PydanticCustomError("file", "is no path of a file") from None
    return path


#: The path of a file that is there and can be read.
ReadableFile = Annotated[str, AfterValidator(_readable)]


def holds_certificates(path: str) -> bool:
    """Whether authorities to trust can be read from it."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # ssl.SSLError is one
        return False
    return True


def holds_our_certificate(certificate: str, key: str | None, password: str | None) -> bool:
    """Whether they are a certificate and its key, which is in the certificate's file where `key` is None."""
    context = ssl.create_default_context()
    try:
        # A function, because OpenSSL asks at the terminal where an encrypted key comes without a password.
        context.load_cert_chain(certificate, key, lambda: password or "")
    except (OSError, ValueError):  # ValueError: a password of more than 1,023 bytes
        return False
    return True
