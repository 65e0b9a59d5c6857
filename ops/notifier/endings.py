"""What ends on a known day: the certificates that we serve, and tokens whose end a setting names."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from ops.alarms.findings import ObservedItem

#: How long before its end something is told.
BEFORE = timedelta(days=14)
#: Seconds for one handshake, and between two looks.
TIMEOUT, EVERY = 5.0, 3600.0

#: When the certificate at HOST:PORT ends. Raises OSError where it is not accepted or nobody answers.
CertificateEnd = Callable[[str], datetime]


def certificate_end(endpoint: str) -> datetime:
    """When the certificate at HOST:PORT ends. Raises OSError (ssl.SSLError is one)."""
    host, _, port = endpoint.rpartition(":")
    name = host.strip("[]")
    with (
        socket.create_connection((name, int(port)), TIMEOUT) as connection,
        ssl.create_default_context().wrap_socket(connection, server_hostname=name) as secured,
    ):
        certificate = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def ending_certificates(
    endpoints: Iterable[str], now: datetime, end_of: CertificateEnd = certificate_end
) -> Iterator[ObservedItem]:
    """Those that end soon, or that a client would not accept now."""
    for endpoint in endpoints:
        try:
            left = end_of(endpoint) - now
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message
        except (OSError, KeyError) as error:
            reason = f"it could not be read ({type(error).__name__})"
        else:
            if left > BEFORE:
                continue
            reason = f"it ends in {max(0, left.days)} days"
        yield ObservedItem("certificate_expires", {"endpoint": endpoint, "reason": reason})


def ending_tokens(token_ends: Iterable[str], now: datetime) -> Iterator[ObservedItem]:
    """Those of NAME=YYYY-MM-DD that end soon, or have ended."""
    for item in token_ends:
        name, _, day = item.partition("=")
        left = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) - now
        if left <= BEFORE:
            yield ObservedItem("token_expires", {"token": name.strip()}, max(0.0, left.total_seconds()))
