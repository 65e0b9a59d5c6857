"""What doctor says of the address that providers call."""

from __future__ import annotations

import pytest

from ingest.settings import IngestSettings
from ops.doctor.settings import public_url_checks


@pytest.mark.parametrize(
    ("url", "ok", "severity"),
    [
        ("https://sms.example.com", True, None),
        ("http://sms.example.com", False, "error"),
        ("http://127.0.0.1:8080", False, "warning"),
        ("http://localhost:8080", False, "warning"),
        ("http://[::1]:8080", False, "warning"),
    ],
)
def test_an_address_of_this_machine_alone_is_in_doubt_and_no_error(url: str, ok: bool, severity: str | None) -> None:
    found = next(iter(public_url_checks(IngestSettings(public_url=url))))
    assert found.ok is ok
    if severity is not None:
        assert found.severity == severity
