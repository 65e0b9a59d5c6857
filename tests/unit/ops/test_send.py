"""Playing a provider: what is sent is what the provider would send, signed, repeatable, counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ingest.provider import provider_types
from ops.__main__ import main
from ops.send.delivery import deliver, reordered, with_duplicates
from ops.send.player import Particulars, Signed, Wishes, by_chance, players
from tests.contract.players import ADDRESS
from tests.contract.players import PLAYERS as PLAYED

PLAYERS = players()
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "a-secret-0123456789"
KINDS = [(name, kind) for name, player in PLAYERS.items() for kind in player.kinds]


def chance(index: int = 0, *, seed: int = 7, **wishes: Any) -> Particulars:
    return by_chance(seed, index, START, Wishes(**wishes))


def requests(count: int) -> list[Signed]:
    return [Signed(f"/{number}", {}, b"{}") for number in range(count)]


def test_every_provider_can_be_played() -> None:
    assert PLAYERS.keys() == provider_types().keys()


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_what_is_sent_is_taken_by_the_provider_as_that_kind(name: str, kind: str) -> None:
    # Given the provider's own side in ingest, with the same secret
    played = PLAYED[name]
    provider = played.provider(SECRET)

    # When the player sends a webhook
    segment = kind if kind in played.type.url_kinds else None
    posted = played.posted_as(PLAYERS[name].webhook(kind, chance()), SECRET, segment)

    # Then it is authentic, of that type, and about the contact
    request = posted.request(START)
    provider.verify(request)
    reading = provider.parse(request)[0]
    assert reading.event_type is PLAYERS[name].kinds[kind]
    assert reading.phone == chance().phone


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_same_seed_sends_the_same_bytes(name: str, kind: str) -> None:
    player = PLAYERS[name]

    def sent(seed: int) -> list[Signed]:
        secret = PLAYED[name].type.new_secret(SECRET)
        return [player.signed(player.webhook(kind, chance(index, seed=seed)), secret, ADDRESS) for index in range(5)]

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)
    assert len({request.body for request in sent(1)}) == 5


def test_sent_and_failed_of_one_seed_are_about_the_same_messages() -> None:
    player = PLAYERS["textlink"]
    sent, failed = (player.fields(kind, chance(3)) for kind in ("sent", "failed"))

    assert {key: failed[key] for key in sent} == sent


def test_wishes_are_granted() -> None:
    fields = PLAYERS["textlink"].fields("received", chance(text="STOP", phone="+13035559999"))

    assert (fields["text"], fields["phone_number"]) == ("STOP", "+13035559999")
    assert len({chance(index, contacts=3).phone for index in range(100)}) == 3


@pytest.mark.parametrize("name", sorted(PLAYERS))
def test_without_a_secret_nothing_is_signed(name: str) -> None:
    player = PLAYERS[name]
    webhook = player.webhook(player.received, chance())
    assert player.signed(webhook, None, ADDRESS).headers == {"Content-Type": webhook.content_type}
    assert player.signed(webhook, None, ADDRESS).body == webhook.body


def test_duplicates_come_after_the_first_and_nothing_is_lost() -> None:
    items = list(range(1000))

    sent = with_duplicates(items, 0.2, seed=5)

    assert set(sent) == set(items)
    assert 150 < len(sent) - len(items) < 250
    assert [item for position, item in enumerate(sent) if item not in sent[:position]] == items
    assert with_duplicates(items, 0.0, seed=5) == items


def test_disorder_stays_within_its_window() -> None:
    items = list(range(1000))

    shuffled = reordered(items, 10, seed=5)

    assert shuffled != items
    assert sorted(shuffled) == items
    assert all(abs(position - item) < 10 for position, item in enumerate(shuffled))
    assert reordered(items, 1, seed=5) == items


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_rate_is_kept_on_the_whole_however_long_one_answer_takes() -> None:
    # Given a rate of 10 a second, and one answer that takes half a second
    clock, times = Clock(), []

    def post(request: Signed) -> httpx.Response:
        times.append(clock.now - 100.0)
        if request.path == "/3":
            clock.sleep(0.5)
        return httpx.Response(200)

    # When 20 are posted, one after the other
    outcome = deliver(requests(20), post, rate=10, threads=1, done=lambda _: None, clock=clock, sleep=clock.sleep)

    # Then the late ones catch up, and the last is on time
    assert times[:4] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert times[4:9] == pytest.approx([0.8] * 5)
    assert times[-1] == pytest.approx(1.9)
    assert outcome.elapsed == pytest.approx(1.9)


def test_answers_are_counted_by_status_and_durability_and_failures_by_name() -> None:
    def post(request: Signed) -> httpx.Response:
        number = int(request.path[1:])
        if number == 0:
            raise httpx.ConnectError("refused")
        if number < 4:
            return httpx.Response(503)
        return httpx.Response(200, headers={"X-Durability": "spool" if number < 6 else "kafka"})

    outcome = deliver(requests(10), post, rate=None, threads=4, done=lambda _: None)

    assert outcome.answers == {"ConnectError": 1, "503": 3, "200 spool": 2, "200 kafka": 4}
    assert (outcome.sent, len(outcome.seconds)) == (10, 9)


def test_quantiles() -> None:
    outcome = deliver(requests(1), lambda _: httpx.Response(200), rate=None, threads=1, done=lambda _: None)
    outcome.seconds = [number / 1000 for number in range(1, 101)]

    assert (outcome.quantile(0.5), outcome.quantile(0.99)) == (51.0, 100.0)
    outcome.seconds = []
    assert outcome.quantile(0.5) is None


def test_a_bug_while_posting_ends_the_run_and_is_told() -> None:
    def post(_request: Signed) -> httpx.Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deliver(requests(100), post, rate=None, threads=4, done=lambda _: None)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_TEXTLINK__SECRETS", SECRET)


@pytest.mark.usefixtures("settings")
def test_a_dry_run_shows_what_would_be_sent_without_the_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "textlink", "received", "--dry-run", "--json", "--seed", "1", "--count", "3"]) == 0

    output = capsys.readouterr().out
    assert SECRET not in output
    assert [load["body"]["secret"] for load in json.loads(output)["requests"]] == ["********"] * 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nobody", "received"], "textlink, textus"),
        (["textlink", "message.received"], "received, sent, failed, tag"),
        (["textus"], "message.delivered"),
        (["textlink", "received", "--duplicates", "2"], "--duplicates"),
    ],
)
@pytest.mark.usefixtures("settings")
def test_usage_names_what_there_is(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", *arguments]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
def test_a_missing_secret_is_a_configuration_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "textus", "message.received"]) == 78
    assert "HOOKLINE_TEXTUS__SIGNING_SECRETS is missing" in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
def test_nobody_there_is_69(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["send", "textlink", "received", "--url", "http://127.0.0.1:9"]) == 69  # the discard port
    assert "http://127.0.0.1:9 cannot be reached" in capsys.readouterr().err
