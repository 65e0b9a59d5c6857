"""What doctor finds at the address that providers call."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from ingest.providers.textlink import TEST_PHONE, TEST_TEXT, TextLinkSettings
from ingest.settings import IngestSettings
from ops.doctor import public_address
from ops.doctor.public_address import address_checks, webhook_checks

URL = "https://sms.example.com"
SECRET = "a-secret-of-more-than-twenty-characters"
INGEST = IngestSettings(public_url=URL)
TEXTLINK = TextLinkSettings.model_validate({"secrets": (SECRET, "another-secret-of-twenty-characters")})

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Has `handler` answer at every address."""

    def answer(handler: Handler) -> None:
        client = httpx.Client(transport=httpx.MockTransport(handler))
        monkeypatch.setattr(public_address.httpx, "get", lambda url, **_: client.get(url))
        monkeypatch.setattr(public_address.httpx, "post", lambda url, json, **_: client.post(url, json=json))

    return answer


def fails(error: httpx.HTTPError) -> Handler:
    def handler(_request: httpx.Request) -> httpx.Response:
        raise error

    return handler


@pytest.mark.parametrize(
    ("handler", "ok", "severity", "found"),
    [
        (lambda _: httpx.Response(200, json={"ok": True, "process": "ingest"}), True, "error", "answers at"),
        (
            lambda _: httpx.Response(503, json={"ok": False, "process": "ingest", "reason": "x"}),
            False,
            "error",
            "not ready",
        ),
        (lambda _: httpx.Response(200, text="Welcome to nginx"), False, "error", "something else"),
        (lambda _: httpx.Response(200, json={"ok": True, "process": "gate"}), False, "error", "something else"),
        (fails(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] expired")), False, "error", "certificate"),
        (fails(httpx.ConnectError("no route")), False, "warning", "does not answer from here"),
    ],
)
def test_who_answers_there(
    there: Callable[[Handler], None], handler: Handler, ok: bool, severity: str, found: str
) -> None:
    there(handler)
    [check] = address_checks(INGEST)
    assert (check.ok, check.severity) == (ok, severity)
    assert found in check.found


def test_nobody_is_asked_where_there_is_no_address() -> None:
    assert list(address_checks(IngestSettings())) == []


def test_a_webhook_of_our_own_is_a_test_and_its_secret_is_told_to_nobody_else(
    there: Callable[[Handler], None],
) -> None:
    posted: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        posted.append(request)
        return httpx.Response(200, json={"ok": True}, headers={"X-Event-Id": "e-1", "X-Durability": "kafka"})

    there(take)
    [check] = webhook_checks(INGEST, TEXTLINK)
    assert check.ok
    assert "e-1" in check.found
    [request] = posted
    assert str(request.url) == f"{URL}/webhooks/textlink/received"
    body = json.loads(request.content)
    assert (body["secret"], body["phone_number"], body["text"]) == (SECRET, TEST_PHONE, TEST_TEXT)
    assert SECRET not in check.found


@pytest.mark.parametrize(("status", "found"), [(401, "does not accept the first secret"), (503, "HTTP 503")])
def test_a_webhook_that_is_not_taken_is_an_error(there: Callable[[Handler], None], status: int, found: str) -> None:
    there(lambda _: httpx.Response(status, json={"ok": False}))
    [check] = webhook_checks(INGEST, TEXTLINK)
    assert (check.ok, check.severity) == (False, "error")
    assert found in check.found


def test_where_no_provider_has_a_webhook_for_trials_none_is_sent() -> None:
    [check] = webhook_checks(IngestSettings(public_url=URL, providers=("twilio",)), TEXTLINK)
    assert (check.ok, check.severity) == (False, "warning")
