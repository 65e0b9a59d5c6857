"""What every target promises, found by scanning; TextUs's is held to it against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.server import SandboxServer
from processors.opt_out.target import OptOutTarget, target_names, target_types
from processors.outbox.backoff import backoff
from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Redirected,
    Rejected,
    RetryLater,
)
from processors.outbox.rate_limiter import PrepaidLimiter
from runtime.settings import Configuration

PHONE = "+13035550142"


class Played:
    """A target and the sandbox behind it."""

    def __init__(self, url: str, **settings: str) -> None:
        self.url = url
        self.limiter = PrepaidLimiter()
        environ = {"HOOKLINE_TEXTUS__API_URL": url, "HOOKLINE_TEXTUS__API_TOKEN": "t", "HOOKLINE_TEXTUS__TIMEOUT": "1"}
        environ |= {f"HOOKLINE_TEXTUS__{name.upper()}": value for name, value in settings.items()}
        kind = target_types()["textus"]
        self.target: OptOutTarget[Any] = kind.configured(
            Configuration.load(kind.settings_type, environ=environ)[kind.settings_type], self.limiter
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.url}/_sandbox{path}", json=body, trust_env=False)
        return answer.json() if answer.content else None

    def fault(self, **fault: Any) -> None:
        self.control("POST", "/faults", {"path": "/", **fault})


@pytest.fixture
def sandbox() -> Iterator[str]:
    with SandboxServer(create_app(Options(textus_token="t", page_size=2))) as server:
        yield server.url


@pytest.fixture
def played(sandbox: str) -> Iterator[Played]:
    target = Played(sandbox)
    yield target
    target.target.close()


@pytest.mark.parametrize("name", sorted(target_names()))
def test_a_target_says_what_it_is(name: str) -> None:
    kind = target_types()[name]
    assert kind.name == name
    assert kind.__doc__
    assert kind.__module__ == f"processors.opt_out.targets.{name.replace('-', '_')}"
    assert kind.settings_type.section


@pytest.mark.parametrize("name", sorted(target_names()))
def test_a_target_without_its_secret_is_not_used(name: str) -> None:
    kind = target_types()[name]
    settings = Configuration.load(kind.settings_type, environ={})[kind.settings_type]
    assert not kind.is_used(settings)


def test_an_opt_out_is_there_and_may_be_made_again(played: Played) -> None:
    assert played.target.out_of("textus", [PHONE]) == set()
    played.target.opt_out("textus", PHONE)
    played.target.opt_out("textus", PHONE)
    assert played.target.out_of("textus", [PHONE, "+13035550143"]) == {PHONE}
    assert played.target.out_of("my_account", [PHONE]) == set()
    paths = [(request["method"], request["path"]) for request in played.control("GET", "/requests")]
    assert ("PUT", f"/textus/opt_outs/{PHONE}") in paths
    reported = played.limiter.taken()
    assert len(reported) == len(paths)
    assert all(answer.seen is not None and answer.seen.limit == 1000 for answer in reported)


def test_many_numbers_are_asked_about_at_once_and_read_page_by_page(played: Played) -> None:
    phones = [f"+1303555{n:04d}" for n in range(played.target.batch())]
    for phone in phones[:5]:
        played.target.opt_out("textus", phone)
    assert played.target.out_of("textus", phones) == set(phones[:5])


def test_every_account_is_found(sandbox: str) -> None:
    tree = {"slug": "org", "accounts": [{"slug": "a", "accounts": [{"slug": "b"}]}, {"slug": "c"}, {"slug": "d"}]}
    whole, part, by_hand = Played(sandbox), Played(sandbox, organisation="a"), Played(sandbox, accounts="x, y")
    whole.control("PUT", "/accounts", tree)
    assert {account.slug for account in whole.target.accounts()} == {"org", "a", "b", "c", "d"}
    assert {account.slug for account in part.target.accounts()} == {"a", "b"}
    assert [listed_account.slug for listed_account in by_hand.target.accounts_by_hand] == ["x", "y"]
    for target in (whole, part, by_hand):
        target.target.close()


@pytest.mark.parametrize(
    ("fault", "raised", "wait"),
    [
        ({"status": 500}, OutcomeUnknown, None),
        ({"status": 503, "retry_after": 7}, RateLimited, 7.0),
        ({"status": 429, "retry_after": 3}, RateLimited, 3.0),
        ({"status": 429}, RateLimited, 30.0),
        ({"status": 401}, CredentialsRefused, 15.0),
        ({"status": 403}, CredentialsRefused, 15.0),
        ({"status": 404}, NotFound, None),
        ({"status": 422}, Rejected, None),
        # Nothing is followed anywhere, with our token in hand
        ({"status": 302}, Redirected, None),
        ({"drop_answer": True}, OutcomeUnknown, None),
        ({"delay_s": 3}, OutcomeUnknown, None),
    ],
)
def test_every_trouble_says_what_to_do(played: Played, fault: dict[str, Any], raised: Any, wait: float | None) -> None:
    played.fault(**fault)
    with pytest.raises(raised) as error:
        played.target.opt_out("textus", PHONE)
    assert type(error.value) is raised
    assert PHONE not in str(error.value)
    if isinstance(error.value, RetryLater):
        assert error.value.retry_after == wait
        assert backoff(1, error.value.retry_after) >= (wait or 0.2)
    [reported] = played.limiter.taken()
    assert (reported.blocked is not None) == (fault.get("status") == 429)
    played.target.opt_out("textus", PHONE)


def test_an_account_or_a_number_that_is_none(played: Played) -> None:
    with pytest.raises(NotFound):
        played.target.opt_out("nobody", PHONE)
    with pytest.raises(Rejected):
        played.target.opt_out("textus", "12")
