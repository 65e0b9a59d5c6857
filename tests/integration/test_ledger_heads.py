"""Published heads on a real Kafka and PostgreSQL: whatever the database's owner does to what lies before is found."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ops.__main__ import main
from processors.opt_out import head_publication
from processors.opt_out.entry import COLUMNS, GENESIS, SELECTED, Entry
from processors.opt_out.head_publication import HeadPublication, genuine_heads, published_lines
from processors.opt_out.heads import HeadSigner, HeadVerifier
from processors.opt_out.verify import verify
from runtime import metrics
from runtime.connections import KafkaSettings
from runtime.kafka.producer import KafkaProducer
from tests.integration.test_ledger_guard import INSERT, opt_in_after, rows, sealed, values
from tests.twins.events import message
from tests.twins.opted_out import Desk


class Publisher:
    """What signs and publishes, with a key of this test's own: the topic is shared by all of them."""

    def __init__(self, kafka: KafkaSettings, desk: Desk, file: Path) -> None:
        self.kafka, self.desk, self.file = kafka, desk, file
        self.private = base64.b64encode(os.urandom(32)).decode()
        self.signer = HeadSigner(self.private)
        self.verifier = HeadVerifier([self.signer.public_key])
        self.producer = KafkaProducer(kafka, "tests-heads")
        self.publication = self.started()

    def started(self) -> HeadPublication:
        """As after a start of the process."""
        known = lambda: genuine_heads(self.verifier, published_lines(self.kafka))  # noqa: E731
        return HeadPublication(self.signer, self.producer, known, self.file)

    def on_kafka(self) -> list[int]:
        return [head.position for head in genuine_heads(self.verifier, published_lines(self.kafka))]

    def in_file(self) -> list[int]:
        return (
            [json.loads(line)["position"] for line in self.file.read_text().splitlines()] if self.file.exists() else []
        )

    def round(self) -> None:
        self.publication(self.desk.database)


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    made.take(*(message(text="STOP", contact_phone=f"+1303555017{n}") for n in range(5)))
    yield made
    made.close()


@pytest.fixture
def publisher(
    kafka_settings: KafkaSettings, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Publisher]:
    made = Publisher(kafka_settings, desk, tmp_path / "logs" / "heads.jsonl")
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", ",".join(kafka_settings.bootstrap_servers))
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", desk.postgres.dsn("operator"))
    monkeypatch.setenv("HOOKLINE_OPT_OUT__HEAD_PUBLIC_KEYS", made.signer.public_key)
    yield made
    made.producer.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["opt-outs", "verify", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def chained(entries: list[Entry]) -> list[Entry]:
    """`entries` as a chain without a fault, written anew."""
    previous, made = GENESIS, []
    for position, row in enumerate(entries, 1):
        made.append(sealed(row, position=position, previous_hash=previous))
        previous = made[-1].hash
    return made


def replaced(desk: Desk, entries: list[Entry]) -> None:
    """The owner of the database has the ledger hold `entries` instead of what it held."""
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("DELETE FROM opt_out_ledger")
        for row in entries:
            superuser.execute(INSERT, values(row))


#: What an owner does to the ledger; the chain itself is whole afterwards, each time.
ATTACKS: dict[str, Callable[[list[Entry]], list[Entry]]] = {
    "cut the newest row": lambda entries: entries[:-1],
    "cut all but one": lambda entries: entries[:1],
    "cut everything": lambda _entries: [],
    "a stop taken out, the rest written anew": lambda entries: chained(entries[:2] + entries[3:]),
    "a stop made an opt-in": lambda entries: chained([replace(entries[0], action="in"), *entries[1:]]),
    "the newest row changed": lambda entries: chained([*entries[:-1], replace(entries[-1], phone="+13035550999")]),
    "a row put in": lambda entries: chained([opt_in_after(entries[0]), *entries]),
    "cut, and grown again beyond the head": lambda entries: chained(
        [entries[0], *(opt_in_after(entries[0], reason=f"{n}") for n in range(9))]
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_an_owner_does_before_the_head_is_found(
    publisher: Publisher, desk: Desk, attack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a published head, which an auditor has also written down
    publisher.round()
    head = f"5:{rows(desk)[-1].hash}"
    for given in ([], ["--head", head], ["--published"], ["--heads-file", str(publisher.file)]):
        assert run(capsys, *given)[0] == 0

    # When the owner attacks, the chain by itself shows nothing
    replaced(desk, ATTACKS[attack](rows(desk)))
    assert run(capsys)[0] == 0

    # Then each kind of head does
    for given in (["--head", head], ["--published"], ["--heads-file", str(publisher.file)]):
        code, answer = run(capsys, *given)
        assert (code, answer["ok"]) == (1, False)
        assert answer["broken"] <= 6

    # And whoever signs signs it no more, after a restart neither, and says so
    published = publisher.on_kafka()
    publisher.round()
    publisher.publication = publisher.started()
    publisher.round()
    assert publisher.on_kafka() == published == [5]
    assert metrics.OPT_OUT_HEAD_CONFLICT._value.get() == 1


def test_each_new_head_is_published_once_on_kafka_and_in_the_file(publisher: Publisher, desk: Desk) -> None:
    publisher.round()
    publisher.round()
    assert (publisher.on_kafka(), publisher.in_file()) == ([5], [5])
    desk.take(message(text="STOP", contact_phone="+13035550188"))
    publisher.publication = publisher.started()  # it goes on where the one before was
    publisher.round()
    assert (publisher.on_kafka(), publisher.in_file()) == ([5, 6], [5, 6])
    assert publisher.file.stat().st_mode & 0o777 == 0o600
    assert head_publication.INTERVAL + head_publication.ACK_TIMEOUT < 10


def test_heads_of_strangers_count_for_nothing(
    publisher: Publisher, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a head of a row that is not there, of somebody who may write to the topic
    stranger = HeadSigner(base64.b64encode(os.urandom(32)).decode())
    forged = stranger.sign(5, "f" * 64, desk.now)
    publisher.producer.publish("sms.opt-out-heads.v1", b"head", forged.line(), [], timeout=10)
    publisher.producer.publish("sms.opt-out-heads.v1", b"head", b"junk", [], timeout=10)
    # Without a genuine one there is no proof
    code, answer = run(capsys, "--published")
    assert (code, answer["ok"], answer["signed_heads"]) == (1, False, 0)
    publisher.round()
    code, answer = run(capsys, "--published")
    assert (code, answer["signed_heads"], answer["newest_head"]) == (0, 1, 5)
    assert answer["not_genuine"] >= 2
    # An auditor brings the public key; a key that is none is named
    monkeypatch.delenv("HOOKLINE_OPT_OUT__HEAD_PUBLIC_KEYS")
    assert run(capsys, "--published")[0] == 1
    assert run(capsys, "--published", "--public-key", publisher.signer.public_key)[0] == 0
    assert main(["opt-outs", "verify", "--published", "--public-key", "x"]) == 2
    assert main(["opt-outs", "verify", "--head", "5"]) == 2


def test_a_new_key_signs_and_the_old_heads_still_prove(
    publisher: Publisher, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.round()
    old = publisher.private
    publisher.private = base64.b64encode(os.urandom(32)).decode()
    publisher.verifier = HeadVerifier([publisher.signer.public_key, HeadSigner(publisher.private).public_key])
    publisher.signer = HeadSigner(publisher.private)
    publisher.publication = publisher.started()
    desk.take(message(text="STOP", contact_phone="+13035550188"))
    publisher.round()
    monkeypatch.delenv("HOOKLINE_OPT_OUT__HEAD_PUBLIC_KEYS")
    monkeypatch.setenv("HOOKLINE_OPT_OUT__HEAD_KEYS", f"{publisher.private},{old}")
    code, answer = run(capsys, "--published")
    assert (code, answer["signed_heads"], answer["newest_head"]) == (0, 2, 6)


def test_two_heads_of_one_row_fit_no_chain(desk: Desk) -> None:
    [*_, newest] = rows(desk)
    with desk.by_operator.transaction() as connection:
        assert verify(connection, heads={5: {newest.hash}}).broken is None
        assert verify(connection, heads={5: {newest.hash, "f" * 64}}).broken == 5
    assert len(COLUMNS) == len(SELECTED.split(", "))
