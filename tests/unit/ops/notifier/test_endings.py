"""Certificates and tokens are told of two weeks before they end."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from ops.notifier.endings import ending_certificates, ending_tokens
from ops.notifier.settings import NotifierSettings

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("days", "reasons"), [(15, []), (13, ["it ends in 13 days"]), (-1, ["it ends in 0 days"])])
def test_a_certificate_that_ends_soon(days: int, reasons: list[str]) -> None:
    found = list(ending_certificates(["sms.example.com:443"], NOW, lambda _: NOW + timedelta(days=days, hours=1)))
    assert [item.labels["reason"] for item in found] == reasons
    assert all(item.kind == "certificate_expires" for item in found)


def test_a_certificate_that_is_not_accepted_or_not_there() -> None:
    refused = ssl.SSLCertVerificationError(1, "x")
    refused.verify_message = "certificate has expired"

    def end_of(endpoint: str) -> datetime:
        raise refused if endpoint.startswith("old") else ConnectionRefusedError

    found = [item.labels["reason"] for item in ending_certificates(["old:443", "gone:443"], NOW, end_of)]
    assert found == ["certificate has expired", "it could not be read (ConnectionRefusedError)"]


@pytest.mark.parametrize(("day", "count"), [("2026-11-16", 0), ("2026-11-15", 1), ("2026-10-01", 1)])
def test_a_token_that_ends_soon(day: str, count: int) -> None:
    found = list(ending_tokens([f"textus={day}"], NOW))
    assert [(item.kind, item.labels) for item in found] == [("token_expires", {"token": "textus"})] * count


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("certificates", "sms.example.com"),
        ("token_ends", "textus"),
        ("token_ends", "textus=soon"),
        ("heartbeat_url", "ftp://example.com"),
        ("time_zone", "Nowhere/At all"),
        ("admin_urls", "gate"),
    ],
)
def test_a_wrong_setting_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=field):
        NotifierSettings(**{field: value})
