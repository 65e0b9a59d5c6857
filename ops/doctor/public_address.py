"""The address that providers call, asked from here: who answers there, and whether a webhook of our own is taken."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx

from ingest.providers.textlink import TEST_PHONE, TEST_TEXT, TextLinkSettings
from ingest.settings import IngestSettings
from ops.doctor.check import Check, broken, doubtful, fine
from ops.doctor.settings import webhook_url

_NAME, _WEBHOOK = "public address", "public webhook"
#: Seconds that it has to answer.
TIMEOUT = 5.0


def address_checks(settings: IngestSettings) -> Iterator[Check]:
    """Whether an ingest answers at HOOKLINE_INGEST__PUBLIC_URL. Nothing is asked where that is not set."""
    if not settings.public_url:
        return
    url = f"{settings.public_url}/readyz"
    from_outside = f"curl -i {url}  # from outside: see DNS, the certificate and the proxy"
    try:
        answer = httpx.get(url, timeout=TIMEOUT, trust_env=False)
    except httpx.HTTPError as error:
        if "CERTIFICATE" in str(error):
            yield broken(_NAME, f"the certificate of {settings.public_url} is not accepted: {error}", from_outside)
            return
        # A machine may be kept from reaching its own public address.
        yield doubtful(_NAME, f"{url} does not answer from here: {type(error).__name__} {error}", from_outside)
        return
    said = _object(answer)
    if said.get("process") != "ingest":
        found = f"something else than ingest answers at {url} (HTTP {answer.status_code})"
        yield broken(_NAME, found, from_outside)
    elif answer.status_code != httpx.codes.OK:
        yield broken(_NAME, f"the ingest at {url} is not ready: {said.get('reason')}", "hookline status")
    else:
        yield fine(_NAME, f"an ingest that is ready answers at {settings.public_url}")


def webhook_checks(settings: IngestSettings, textlink: TextLinkSettings) -> Iterator[Check]:
    """Whether a webhook of our own through the public address is taken: TextLink's test, which is kept as a test."""
    if not settings.public_url:
        yield doubtful(_WEBHOOK, "none was sent: HOOKLINE_INGEST__PUBLIC_URL is not set", "hookline config")
        return
    if "textlink" not in settings.providers or not textlink.secrets:
        found = "none was sent: of the providers that are enabled with a secret, none has a webhook for trials"
        yield doubtful(_WEBHOOK, found, "hookline tail  # while somebody sends a text to a number of yours")
        return
    url = webhook_url(settings.public_url, "textlink", "received")
    body = {
        "secret": textlink.secrets[0].get_secret_value(),
        "phone_number": TEST_PHONE,
        "text": TEST_TEXT,
        "timestamp": int(time.time() * 1000),
    }
    try:
        answer = httpx.post(url, json=body, timeout=TIMEOUT, trust_env=False)
    except httpx.HTTPError as error:
        yield broken(_WEBHOOK, f"{url} does not answer: {type(error).__name__}", f"curl -i {url}  # from outside")
        return
    if answer.status_code == httpx.codes.OK and "X-Event-Id" in answer.headers:
        where = answer.headers.get("X-Durability", "?")
        yield fine(_WEBHOOK, f"{url} took a test: event {answer.headers['X-Event-Id']}, durable in {where}")
    elif answer.status_code == httpx.codes.UNAUTHORIZED:
        fix = "hookline config  # here and where that ingest runs: compare HOOKLINE_TEXTLINK__SECRETS"
        yield broken(_WEBHOOK, f"the ingest at {url} does not accept the first secret that is set here", fix)
    else:
        yield broken(_WEBHOOK, f"{url} answered HTTP {answer.status_code} to a test", "hookline status")


def _object(answer: httpx.Response) -> dict[str, object]:
    try:
        said = json.loads(answer.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
