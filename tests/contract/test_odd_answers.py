"""Whatever a provider's API answers, an opt-out target says what happens next, in its port's own exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.opt_out.target import OptOutTarget, target_names, target_types
from processors.outbox.errors import Rejected, RetryLater
from processors.outbox.rate_limiter import PrepaidLimiter
from runtime.settings import Configuration
from tests.servers.odd import Script, answering, whole

PHONE = "+13035550142"
PORT = (RetryLater, Rejected)


@contextmanager
def target_at(name: str, url: str) -> Iterator[OptOutTarget[Any]]:
    prefix = f"HOOKLINE_{name.upper().replace('-', '_')}__"
    environ = {f"{prefix}API_URL": url, f"{prefix}API_TOKEN": "t", f"{prefix}TIMEOUT": "2"}
    kind = target_types()[name]
    made = kind.configured(
        Configuration.load(kind.settings_type, environ=environ)[kind.settings_type], PrepaidLimiter()
    )
    yield made
    made.close()


def ask_everything(target: OptOutTarget[Any]) -> list[Any]:
    """Every call of the port; what it found, or the port's own exception."""
    found: list[Any] = []
    for call in (target.accounts, lambda: target.out_of("org", [PHONE]), lambda: target.opt_out("org", PHONE)):
        try:
            found.append(call())
        except PORT as error:
            found.append(error)
    return found


def page(following: Any, *members: Any) -> bytes:
    return json.dumps({"members": members or [{"slug": "org"}], "view": {"next": following}}).encode()


ELSEWHERE = (
    "http://[", "https://evil.example.com/accounts", "//evil.example.com/accounts", "@evil.example.com/", "accounts",
    "http://127.0.0.1:9/accounts", "/a b", "/a\r\nX: y", "/\u00e9", "/\ud800", "/" * 9000, "\x00", " ", "?page=2",
    "javascript:alert(1)", "file:///etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(target_names()))
@pytest.mark.parametrize("following", ELSEWHERE, ids=repr)
def test_a_next_page_that_is_none_or_leads_elsewhere_is_not_followed(name: str, following: str) -> None:
    # Given a first page that points there, and a second one that would be believed
    scripts = whole(page(following)), whole(page(None, {"slug": "evil"}))
    # Then the accounts are not read, so those that were known stay
    with answering(*scripts) as url, target_at(name, url) as target, pytest.raises(RetryLater):
        target.accounts()


@pytest.mark.parametrize("name", sorted(target_names()))
def test_a_next_page_that_points_to_itself_ends(name: str) -> None:
    whole_page = whole(page("/accounts?page=1"))
    with answering(whole_page) as url, target_at(name, url) as target, pytest.raises(RetryLater, match="pages"):
        target.accounts()


_TEXT = st.text(max_size=20) | st.sampled_from(["\x00", "\ud800", "a/b", "x" * 300, "..", "\u202eabc"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["members", "view", "next", "slug", "id", "name", "children", "totalItems", "@type"])
            | _TEXT,
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_BODY = st.binary(max_size=50) | _JSON.map(lambda value: json.dumps(value).encode())
_STATUS = st.sampled_from(
    [
        f"{code} x"
        for code in (*range(200, 210), 226, 301, 304, *range(400, 432), 451, 499, 500, 503, 511, 599, 600, 999)
    ]
)
_HEADER = st.sampled_from(
    [
        "X-RateLimit-Limit: 99999999999", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 99999999999999999999",
        "Retry-After: soon", "Retry-After: -1", "Content-Encoding: gzip", "Location: http://169.254.169.254/",
        "Content-Type: text/html; charset=\xff", "Set-Cookie: a=b", "X: " + "y" * 2000,
    ]
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(target_names()))
def test_any_answer_is_one_that_the_port_knows(name: str) -> None:
    scripts: list[Script] = []

    def answer(connection: Any, over: Any) -> None:
        scripts[-1](connection, over)

    with answering(answer) as url, target_at(name, url) as target:

        @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(_BODY, st.lists(_HEADER, max_size=3), _STATUS)
        def hold(body: bytes, headers: list[str], status: str) -> None:
            scripts[:] = [whole(body, *headers, status=status)]
            accounts, out, reported = ask_everything(target)
            assert PHONE not in f"{accounts if isinstance(accounts, PORT) else ''} {reported}"
            if isinstance(accounts, list):
                for account in accounts:  # PostgreSQL can hold it, and a URL too
                    assert account.slug.isprintable()
                    assert account.slug
                    assert account.name is None or account.name.isprintable()
            assert isinstance(out, PORT) or out <= {PHONE}

        hold()
