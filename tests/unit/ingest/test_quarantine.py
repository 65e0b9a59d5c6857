"""Webhooks answered 400 or 401 are kept, bounded and without their secret, and come back once the reason is mended."""

from __future__ import annotations

import gzip
import json
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.durable.durability import Durability
from ingest.json_body import BadBody
from ingest.provider import Unauthorized
from ingest.quarantine.keeping import KeepingQuarantine, storable_webhook
from ingest.quarantine.replay import check_again, events_again, read_again
from ingest.quarantine.store import FILE, QuarantinedWebhook, QuarantineStore, count_waiting, size_of
from ingest.request import WebhookRequest
from ingest.sanitise import REDACTED
from ingest.webhooks import receive
from runtime.metrics import QUARANTINE_LOST, QUARANTINED
from schemas.events import Event
from tests.contract.players import ADDRESS, NEW_SECRET, OLD_SECRET, PLAYERS

RECEIPT = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
WRONG = "wrong-secret-5555555555"
MIB = 1024 * 1024

Make = Callable[..., tuple[KeepingQuarantine, QuarantineStore]]

every_provider = pytest.mark.parametrize("name", sorted(PLAYERS))


class Log:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish_all(self, events: Sequence[Event]) -> Durability:
        self.events += events
        return Durability.KAFKA


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[KeepingQuarantine] = []

    def quarantine(
        *, limit: int = 64 * MIB, now: float = RECEIPT.timestamp(), waiting: int = 16 * MIB, free: int = 2**40
    ) -> tuple[KeepingQuarantine, QuarantineStore]:
        store = QuarantineStore(tmp_path, limit=limit, days=7, now=lambda: now, free=lambda _: free)
        made.append(KeepingQuarantine(store, waiting=waiting, sleep=lambda _: None))
        return made[-1], store

    yield quarantine
    for keeping in made:
        keeping.close()


def post(
    name: str, quarantine: KeepingQuarantine, log: Log, *, signed: str | None, valid: str = NEW_SECRET, **fields: Any
) -> int:
    player = PLAYERS[name]
    posted = player.posted({**player.message, **fields}, signed)
    return receive(player.provider(valid), posted.request(RECEIPT), log, quarantine).status


def send(
    name: str, quarantine: KeepingQuarantine, body: bytes, headers: dict[str, str] | None = None, *, signed: bool = True
) -> int:
    """Post `body` as it stands; a provider that signs headers has signed it where `signed`."""
    player = PLAYERS[name]
    posted = player.raw(body, NEW_SECRET if signed else None, **(headers or {}))
    return receive(player.provider(NEW_SECRET), posted.request(RECEIPT), Log(), quarantine).status


def lost() -> Counter[str]:
    """What the metric says was lost, by reason."""
    samples = next(iter(QUARANTINE_LOST.collect())).samples
    found: Counter[str] = Counter()
    for sample in samples:
        if sample.name.endswith("_total"):
            found[sample.labels["reason"]] += int(sample.value)
    return found


def counted_as_kept() -> int:
    return sum(int(s.value) for s in next(iter(QUARANTINED.collect())).samples if s.name.endswith("_total"))


def replay_quarantined(store: QuarantineStore, webhook: QuarantinedWebhook, provider: Any, log: Log) -> None:
    content = check_again(webhook, provider, store.digest, public_url=ADDRESS)
    log.publish_all(events_again(webhook, provider, content))
    store.mark_replayed(webhook.id)


@every_provider
def test_what_came_while_our_secret_was_wrong_comes_back_as_it_would_have_been(name: str, make: Make) -> None:
    # Given webhooks signed with the provider's secret, while ours is an old one
    quarantine, store = make()
    log = Log()
    for number in range(3):
        fields = {"id": f"d{number}", "timestamp": 1_748_455_363_370 + number}
        assert post(name, quarantine, log, signed=NEW_SECRET, valid=OLD_SECRET, **fields) == 401
    quarantine.store_waiting()
    assert log.events == []
    webhooks = list(store.waiting())
    assert [(webhook.provider, webhook.received_at) for webhook in webhooks] == [(name, RECEIPT)] * 3
    # When the secret has been mended
    for webhook in webhooks:
        replay_quarantined(store, webhook, PLAYERS[name].provider(OLD_SECRET, NEW_SECRET), log)
    # Then the events are those that would have been, received when they were
    would = Log()
    for number in range(3):
        fields = {"id": f"d{number}", "timestamp": 1_748_455_363_370 + number}
        assert post(name, quarantine, would, signed=NEW_SECRET, **fields) == 200
    assert log.events == would.events
    assert list(store.waiting()) == []
    assert len(list(store.waiting(replayed=True))) == 3
    assert (store.count(), store.count(replayed=True)) == (0, 3)


@every_provider
def test_what_is_wrong_now_too_does_not_verify(name: str, make: Make) -> None:
    quarantine, store = make()
    for signed in (WRONG, None):
        assert post(name, quarantine, Log(), signed=signed) == 401
    quarantine.store_waiting()
    provider = PLAYERS[name].provider(NEW_SECRET)
    for webhook in store.waiting():
        with pytest.raises(Unauthorized):
            check_again(webhook, provider, store.digest, public_url=ADDRESS)
        [event] = events_again(webhook, provider, read_again(webhook, provider))
        assert event.provider == name
    assert store.count() == 2


@every_provider
def test_no_secret_is_on_the_disk(name: str, make: Make, tmp_path: Path) -> None:
    quarantine, store = make()
    # Where a secret is carried, the request tells which it is, and it is masked wherever else it stands.
    carried = {"note": f"my secret is {PLAYERS[name].type.new_secret(WRONG)}", "data": {"Secret": WRONG}}
    fields = {} if PLAYERS[name].is_signed else carried
    post(name, quarantine, Log(), signed=WRONG, **fields)
    post(name, quarantine, Log(), signed=WRONG, note=f"yours is {NEW_SECRET}")
    quarantine.store_waiting()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert WRONG.encode() not in content
        assert NEW_SECRET.encode() not in content
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert store.count() == 2


@every_provider
def test_no_header_is_stored_but_those_that_are_needed(name: str, make: Make, tmp_path: Path) -> None:
    quarantine, store = make()
    player = PLAYERS[name]
    provider = player.provider(NEW_SECRET)
    if "request_id_header" in type(provider.settings).model_fields:
        provider = player.provider(NEW_SECRET, request_id_header="Authorization")
    more = {"Cookie": "session=abcdef", "X-Forwarded-For": "192.0.2.77", "User-Agent": "abcdef"}
    more |= {"Authorization": "Bearer abcdef"} if provider.secret_header is None else {}
    request = player.posted(player.message, WRONG).request(RECEIPT, **more)
    receive(provider, request, Log(), quarantine)
    quarantine.store_waiting()
    (webhook,) = store.waiting()
    assert set(webhook.headers) <= {*provider.stored_headers, "Content-Type"} - {"Authorization"}
    for file in tmp_path.iterdir():
        assert b"abcdef" not in file.read_bytes()
        assert b"192.0.2.77" not in file.read_bytes()


@every_provider
def test_a_refusal_of_any_size_is_kept(name: str, make: Make) -> None:
    quarantine, store = make()
    assert post(name, quarantine, Log(), signed=WRONG, text="x" * 200_000) == 401
    quarantine.store_waiting()
    assert store.count() == 1


@every_provider
def test_1512_refused_webhooks_are_1512_kept_ones(name: str, make: Make) -> None:
    quarantine, store = make()
    before, losses = counted_as_kept(), lost()
    for number in range(1_512):  # at once, where the incident had five a second
        post(name, quarantine, Log(), signed=NEW_SECRET, valid=OLD_SECRET, id=f"d{number}", text=f"{number}")
    assert counted_as_kept() == before, "nothing is counted before it is on the disk"
    quarantine.store_waiting()
    assert store.count() == len(list(store.waiting())) == counted_as_kept() - before == 1_512
    assert lost() == losses


@every_provider
def test_whatever_has_no_room_in_the_queue_is_counted_and_is_junk_first(name: str, make: Make) -> None:
    # Given a queue with room for about 100, and nobody who empties it
    quarantine, store = make(waiting=150_000)
    losses = lost()
    genuine = 0
    for number in range(600):
        post(name, quarantine, Log(), signed=f"junk-secret-{number:06}", id=f"/integrations/junk{number}/deliveries/1")
        if number % 60 == 30:
            genuine += 1
            post(
                name, quarantine, Log(), signed=NEW_SECRET, valid=OLD_SECRET, id=f"/integrations/a/deliveries/{number}"
            )
    quarantine.store_waiting()
    assert store.count() + (lost() - losses)["queue_full"] == 600 + genuine
    if name == "textlink":  # a signature differs with each body: who sent it cannot be told so quickly
        provider = PLAYERS[name].provider(NEW_SECRET)
        good = [webhook for webhook in store.waiting() if webhook.secret_digest == store.digest(provider.secrets[0])]
        assert len(good) == genuine


@every_provider
def test_it_removes_after_its_days_and_counts_that(name: str, make: Make) -> None:
    quarantine, store = make()
    for _ in range(3):
        post(name, quarantine, Log(), signed=WRONG)
    quarantine.store_waiting()
    store.mark_replayed(1)
    losses = lost()
    late, _ = make(now=(RECEIPT + timedelta(days=8)).timestamp())
    late._add([])
    assert (store.count(), store.count(replayed=True)) == (0, 0)
    assert lost() - losses == Counter(expired=2), "what was replayed is not lost"


@every_provider
def test_its_thread_stores_and_a_stop_stores_the_rest(name: str, tmp_path: Path) -> None:
    quarantine = KeepingQuarantine(QuarantineStore(tmp_path, limit=MIB, days=7, now=RECEIPT.timestamp)).start()
    post(name, quarantine, Log(), signed=WRONG)
    quarantine.close()
    assert count_waiting(tmp_path) == 1
    assert size_of(tmp_path).bytes > 0


def test_a_damaged_file_is_set_aside_and_that_is_counted(make: Make, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nothing of SQLite's" * 100)
    losses = lost()
    quarantine, store = make()
    post("textlink", quarantine, Log(), signed=WRONG)
    quarantine.store_waiting()
    assert store.count() == 1
    assert list(tmp_path.glob("damaged-*")) != []
    assert lost() - losses == Counter(damaged=1)


def test_what_cannot_be_written_is_counted_as_lost_and_not_as_kept(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    quarantine, store = make()
    before, losses = counted_as_kept(), lost()
    post("textlink", quarantine, Log(), signed=WRONG)

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "add", full)
    quarantine.store_waiting()
    assert (counted_as_kept(), lost() - losses) == (before, Counter(not_written=1))


def test_the_file_of_an_earlier_version_is_brought_along(tmp_path: Path, make: Make) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as earlier, earlier:
        earlier.execute(
            "CREATE TABLE kept (id INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, "
            "provider TEXT NOT NULL, kind TEXT, reason TEXT NOT NULL, headers TEXT NOT NULL, "
            "body BLOB NOT NULL, secret_digest BLOB, event_id TEXT NOT NULL, replayed_at INTEGER)"
        )
        earlier.execute("CREATE TABLE salt (value BLOB NOT NULL)")
        for replayed_at in (None, 5):
            earlier.execute(
                "INSERT INTO kept (received_at, provider, reason, headers, body, event_id, replayed_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (1, "textlink", "wrong_secret", "{}", b"{}", "00000000-0000-0000-0000-000000000001", replayed_at),
            )
    _, store = make(now=1)
    assert (store.count(), store.count(replayed=True)) == (1, 2)
    assert [(webhook.id, webhook.identified) for webhook in store.waiting()] == [(1, True)]


def senders(store: QuarantineStore) -> list[bytes | None]:
    return [webhook.sender for webhook in store.waiting()]


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        ({"id": "/integrations/a/deliveries/1"}, {"id": "/integrations/a/deliveries/2"}, True),
        ({"id": "/integrations/a/deliveries/1"}, {"id": "/integrations/b/deliveries/1"}, False),
        ({"id": "1"}, {"id": 2}, True),
        ({"forwarded": "192.0.2.1"}, {"forwarded": "192.0.2.2"}, False),
        ({"forwarded": "192.0.2.1"}, {"forwarded": "x, 192.0.2.1"}, True),  # what the proxy added last
        ({"signed": WRONG}, {"signed": None}, False),  # another reason
    ],
)
def test_signed_webhooks_are_told_apart_by_what_their_sender_has_in_common(
    make: Make, first: dict[str, Any], second: dict[str, Any], are_one: bool
) -> None:
    quarantine, store = make()
    player = PLAYERS["textus"]
    for number, how in enumerate((first, second)):
        fields = {**player.message, "number": number, "id": how.get("id", player.message["id"])}
        posted = player.posted(fields, how.get("signed", WRONG))
        request = posted.request(RECEIPT, **{"X-Forwarded-For": how.get("forwarded", "")})
        receive(player.provider(NEW_SECRET), request, Log(), quarantine)
    quarantine.store_waiting()
    found = senders(store)
    assert (found[0] == found[1]) == are_one


def test_webhooks_with_one_secret_in_the_body_have_one_sender(make: Make) -> None:
    quarantine, store = make()
    for secret in (WRONG, WRONG, "another-secret-123456"):
        post("textlink", quarantine, Log(), signed=secret)
    assert send("textlink", quarantine, b'{"secret": "%b" "text": 1}' % WRONG.encode()) == 400
    quarantine.store_waiting()
    first, second, other, unreadable = senders(store)
    assert first == second == unreadable != other


# What nobody can read

FAILED_SAMPLE = (
    '{\n  "secret": "%s",\n  "phone_number": "+381611231234",\n  "text": "Hello!",\n  "timestamp": 1748455363370,\n'
    '  "sim_card_id": 12,\n  "textlink_id": 5\n  "portal": true\n}'
)  # as published: a comma is missing

UNREADABLE = {
    "the published failed sample": FAILED_SAMPLE,
    "a raw newline in a string": '{"secret": "%s", "phone_number": "+13035550142", "text": "a\nb"}',
    "an array": '[{"secret": "%s", "phone_number": "+13035550142", "text": "hi"}]',
    "a form": "payload=%%7B%%22secret%%22%%3A%%22%s%%22%%2C%%22text%%22%%3A%%22hi%%22%%7D",
    "a plain form": "secret=%s&phone_number=%%2B13035550142&text=hi",
    "JSON in a string": '"{\\"secret\\": \\"%s\\", \\"text\\": \\"hi\\"}"',
    "a string without its end": '{"secret": "%s',
    "single quotes": "{'secret': '%s', 'text': 'hi'}",
    "no quotes": "{secret: %s, text: hi}",
    "NaN": '{"secret": "%s", "a": NaN}',
    "too many values": '{"secret": "%s", "a": [' + "1," * 5_000 + "1]}",
    "a secret within a list": '{"secret": ["%s"], "text": "hi"',
}


@pytest.mark.parametrize("form", UNREADABLE)
@pytest.mark.parametrize("secret", [NEW_SECRET, WRONG])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "gzip"])
def test_what_cannot_be_read_is_400_and_kept_without_its_secret(
    make: Make, tmp_path: Path, form: str, secret: str, encoding: str
) -> None:
    quarantine, store = make()
    text = UNREADABLE[form] % secret
    body, headers = text.encode(), {}
    if encoding == "gzip":
        body, headers = gzip.compress(text.encode()), {"Content-Encoding": "gzip"}
    elif encoding == "utf-16-le":
        body = text.encode(encoding)
    assert send("textlink", quarantine, body, headers) == 400
    quarantine.store_waiting()
    (webhook,) = store.waiting()
    assert not webhook.identified
    for file in tmp_path.iterdir():
        for spelling in (secret.encode(), secret.encode("utf-16-le"), gzip.compress(secret.encode())[10:-8]):
            assert spelling not in file.read_bytes()
    assert secret not in webhook.body.decode("utf-8", "replace")
    assert webhook.secret_digest == store.digest(secret)
    # And by whoever knows the right secret, it comes back once it can be read, with one id however often
    provider = PLAYERS["textlink"].provider(NEW_SECRET)
    mended = b'{"secret": "[redacted]", "phone_number": "+13035550142", "text": "hi"}'
    if secret == WRONG:
        with pytest.raises(Unauthorized):
            check_again(webhook, provider, store.digest, mended=mended)
        return
    with pytest.raises(BadBody):
        check_again(webhook, provider, store.digest)
    content = check_again(webhook, provider, store.digest, mended=mended)
    [event] = events_again(webhook, provider, content)
    assert (event.received_at, event.event_type) == (RECEIPT, "message.received")
    store.identify({webhook.id: event.event_id})
    (again,) = store.waiting()
    assert events_again(again, provider, content) == [event]


@pytest.mark.parametrize("body", [b'{"id": "d1", "text": "a\nb"}', b"\xff\xfe", gzip.compress(b"[1]", mtime=0), b"a=1"])
def test_a_signed_body_that_cannot_be_read_is_kept_byte_for_byte(make: Make, body: bytes) -> None:
    quarantine, store = make()
    headers = {"Content-Encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
    assert send("textus", quarantine, body, headers) == 400
    quarantine.store_waiting()
    (webhook,) = store.waiting()
    assert webhook.body == body
    mended = json.dumps(PLAYERS["textus"].message).encode()
    content = check_again(webhook, PLAYERS["textus"].provider(NEW_SECRET), store.digest, mended=mended)
    assert content.readings[0].kind == "message.received"
    with pytest.raises(Unauthorized):
        check_again(webhook, PLAYERS["textus"].provider(OLD_SECRET), store.digest, mended=mended)


def test_a_broken_gzip_is_kept_as_far_as_it_goes(make: Make, tmp_path: Path) -> None:
    quarantine, store = make()
    whole = gzip.compress(json.dumps({"secret": WRONG, "text": "hello " * 50}).encode())
    assert send("textlink", quarantine, whole[:-12], {"Content-Encoding": "gzip"}) == 400
    quarantine.store_waiting()
    (webhook,) = store.waiting()
    assert b"hello" in webhook.body
    assert WRONG.encode() not in webhook.body
    assert "Content-Encoding" not in webhook.headers, "it is not packed any more"


def test_what_is_packed_in_a_way_that_we_cannot_undo_is_counted_as_lost(make: Make) -> None:
    quarantine, store = make()
    losses = lost()
    assert send("textlink", quarantine, b"\x8b\x00\xff\xfe\x80packed", {"Content-Encoding": "br"}) == 400
    quarantine.store_waiting()
    assert (store.count(), lost() - losses) == (0, Counter(packed_unreadably=1))


@pytest.mark.parametrize(
    "body",
    [
        b'{"secret": "\\ud800 a long secret", "phone_number": "+13035550142"}',
        b'{"secret": "\\udfff a long secret", "text": "broken',
        b'{"secret": "a long \xff\xfe secret", "text": "broken',
        b'\xff\xfe{"secret": "a long secret \xd8"',
        b'{"secret": "' + b"\\ud83d" * 50,
    ],
)
def test_a_secret_of_any_characters_is_masked_and_ends_no_thread(make: Make, body: bytes) -> None:
    quarantine, store = make()
    losses = lost()
    assert send("textlink", quarantine, body) in (400, 401)
    quarantine.store_waiting()
    assert store.count() == 1
    assert lost() == losses
    (webhook,) = store.waiting()
    assert b"a long" not in webhook.body


def test_a_webhook_that_cannot_be_masked_is_counted_and_the_next_is_stored(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine, store = make()
    losses, masked = lost(), iter([ValueError("a +13035550142 in its text")])

    def failing_once(*arguments: object) -> object:
        for error in masked:
            raise error
        return storable_webhook(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("ingest.quarantine.keeping.storable_webhook", failing_once)
    for _ in range(2):
        assert send("textlink", quarantine, b"not JSON") == 400
    quarantine.store_waiting()
    assert (store.count(), lost() - losses) == (1, Counter(masking_failed=1))


def test_a_short_secret_of_ours_is_masked_where_a_key_names_it_or_nothing_else_stands(make: Make) -> None:
    short = "ab12"
    quarantine, store = make()
    provider = PLAYERS["textlink"].provider(short)
    body = json.dumps({"token": short, "apikey": f"Bearer {short}", "note": short, "text": f"{short} is my code"})
    quarantine.keep(provider, WebhookRequest("received", {}, body.encode(), RECEIPT), "missing_secret")
    quarantine.store_waiting()
    (kept,) = store.waiting()
    assert json.loads(kept.body) == {
        "token": REDACTED,
        "apikey": f"Bearer {REDACTED}",
        "note": REDACTED,
        "text": f"{short} is my code",
    }


def test_what_is_packed_once_more_than_it_says_is_counted_as_lost(make: Make) -> None:
    """Whoever unpacks it would find the secret in it."""
    quarantine, store = make()
    losses = lost()
    packed = gzip.compress(gzip.compress(json.dumps({"secret": WRONG, "text": "STOP"}).encode()))
    assert send("textlink", quarantine, packed, {"Content-Encoding": "gzip"}) == 400
    quarantine.store_waiting()
    assert (store.count(), lost() - losses) == (0, Counter(packed_unreadably=1))
