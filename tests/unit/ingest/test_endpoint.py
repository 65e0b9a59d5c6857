"""What the port asks of a provider beside verifying and parsing: answers of its own, and a GET that proves the URL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.answers import HttpAnswer, WebhookOutcome
from ingest.app import create_app
from ingest.durable.durability import Durability
from ingest.endpoint import WebhookEndpoint
from ingest.json_body import Json
from ingest.provider import Provider, Reading, check_providers
from ingest.request import WebhookRequest
from ingest.settings import IngestSettings, ProviderSettings
from runtime.admin import Readiness
from runtime.settings import Configuration, ConfigurationError
from schemas.events import Event

RECEIPT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class _PlainSettings(ProviderSettings):
    account: str = "plain"


class _Challenging(Provider):
    """Proves its URL by a GET with a number, and wants to be thanked in words."""

    name = "challenging"
    settings_type = _PlainSettings
    secrets = ("a-secret",)
    secrets_setting = "secrets"
    signs_url = True

    def verify(self, request: WebhookRequest) -> None:
        """Take anything."""

    def read(self, fields: Json, request: WebhookRequest) -> list[Reading]:
        """An event of no kind that is known."""
        return [Reading(fields, None, request.moment(None), None)]

    def answer(self, outcome: WebhookOutcome) -> HttpAnswer:
        """In words."""
        return HttpAnswer(outcome.status, b"thanks", "text/plain", (("X-More", "1"),))

    def challenge(self, request: WebhookRequest) -> HttpAnswer | None:
        """The number back."""
        number = request.query.partition("number=")[2]
        return HttpAnswer(200, f"{number} {request.url}".encode(), "text/plain") if number else None


class _Kept:
    def publish_all(self, events: Sequence[Event]) -> Durability:
        del events
        return Durability.KAFKA


def client() -> Any:
    provider = _Challenging(_PlainSettings())
    endpoint = WebhookEndpoint([provider], _Kept(), lambda: RECEIPT, public_url="https://sms.example.com")
    return create_app(endpoint, lambda: Readiness(True)).test_client()


def test_a_challenge_is_answered_with_the_url_of_the_settings() -> None:
    answer = client().get("/webhooks/challenging?number=7", headers={"Host": "elsewhere.example.com"})
    assert (answer.status_code, answer.content_type) == (200, "text/plain")
    assert answer.data == b"7 https://sms.example.com/webhooks/challenging?number=7"


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_what_is_no_challenge_is_405(method: str) -> None:
    answer = client().open("/webhooks/challenging", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_the_answer_is_the_provider_s() -> None:
    answer = client().post("/webhooks/challenging", data=b"{}")
    assert (answer.status_code, answer.data, answer.content_type) == (200, b"thanks", "text/plain")
    assert answer.headers["X-More"] == "1"
    assert answer.headers["X-Event-Id"]
    assert "X-Events" not in answer.headers


def test_a_signature_over_the_url_needs_the_public_url() -> None:
    provider = _Challenging(_PlainSettings())
    check_providers([provider], "https://sms.example.com")
    with pytest.raises(ConfigurationError, match="HOOKLINE_INGEST__PUBLIC_URL is missing"):
        check_providers([provider], "")
    check_providers([_Challenging(_PlainSettings(auth="open"))], "")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://sms.example.com", "https://sms.example.com"),
        (" https://sms.example.com/ ", "https://sms.example.com"),
        ("http://127.0.0.1:8080/behind/a/proxy/", "http://127.0.0.1:8080/behind/a/proxy"),
        ("", ""),
        ("sms.example.com", None),
        ("ftp://sms.example.com", None),
        ("https://", None),
        ("https://user:password@sms.example.com", None),
        ("https://sms.example.com?a=b", None),
        ("https://sms.example.com:port", None),
    ],
)
def test_the_public_url_is_an_address(given: str, taken: str | None) -> None:
    environ = {"HOOKLINE_INGEST__PUBLIC_URL": given}
    if taken is None:
        with pytest.raises(ConfigurationError, match="HOOKLINE_INGEST__PUBLIC_URL"):
            Configuration.load(IngestSettings, environ=environ)
    else:
        assert Configuration.load(IngestSettings, environ=environ)[IngestSettings].public_url == taken
