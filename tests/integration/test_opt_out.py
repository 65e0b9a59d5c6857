"""opt_out on a real PostgreSQL: what events, people and clocks make of the ledger, and what follows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from processors.engine.database import Database
from processors.engine.processor import SetAside
from processors.opt_out import report, reviews
from processors.opt_out.clock import HoldClock
from processors.opt_out.desk import Desk as ByHand
from processors.opt_out.desk import NothingToDecide, proof
from processors.opt_out.gauges import SELDOM, OptOutGauges
from processors.opt_out.publication import Publication
from processors.opt_out.reconcile import OptOutReconciler, compare, repair
from processors.opt_out.states import rebuild
from processors.opt_out.verify import verify
from processors.outbox.errors import CredentialsRefused, Rejected, RetryLater
from processors.persist import Persist, PersistSettings
from runtime.kafka.consumer import Record
from runtime.phone_lookup import number_query
from runtime.postgres import connect
from runtime.settings import Configuration
from schemas import cloudevents
from schemas.codec import Codec
from schemas.events import Event
from schemas.ids import SchemaIds
from tests.twins.events import at, event_id, message, opt_out, unrecognized
from tests.twins.kafka import MemoryProducer
from tests.twins.opted_out import Desk, delivery

PHONE = "+13035550142"
_codec = Codec(SchemaIds.checked_in())


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme", "acme_north", "acme_south")
    yield made
    made.close()


def test_a_stop_is_written_and_made_true_everywhere(desk: Desk) -> None:
    desk.take(message(text="STOP", name="Ann"))
    [row] = desk.all("SELECT phone, action, tier, actor, echo, deadline > effective_at FROM opt_out_ledger")
    assert row == (PHONE, "out", "A", "contact", False, True)
    assert desk.all("SELECT text, name FROM opt_out_evidence") == [("STOP", "Ann")]
    assert desk.state() == "out"
    desk.enforce()
    assert sorted(desk.target.calls) == [(slug, PHONE) for slug in ("acme", "acme_north", "acme_south")]
    assert desk.statuses() == [(slug, "done") for slug in ("acme", "acme_north", "acme_south")]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE opt_out_ledger SET phone = phone", "DELETE FROM opt_out_ledger", "TRUNCATE opt_out_ledger CASCADE"],
)
def test_nobody_changes_the_ledger(desk: Desk, statement: str) -> None:
    desk.take(message(text="STOP"))
    for dsn in (desk.postgres.dsn("opt-out"), desk.postgres.dsn("operator"), desk.postgres.owner_dsn):
        with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_an_opt_in_that_is_later_cancels_what_has_not_been_called(desk: Desk) -> None:
    desk.take(opt_out(True, occurred_at=at(1)))
    desk.take(opt_out(False, occurred_at=at(2)))
    assert desk.state() == "in"
    desk.enforce()
    assert desk.target.calls == []
    assert desk.statuses() == [("acme", "done"), ("acme_north", "cancelled"), ("acme_south", "cancelled")]


def test_an_echo_of_our_own_call_makes_no_other(desk: Desk) -> None:
    desk.take(message(text="STOP"))
    desk.enforce()
    desk.take(opt_out(True, occurred_at=desk.now, account="acme_north"))
    assert desk.all("SELECT echo FROM opt_out_ledger ORDER BY position") == [(False,), (True,)]
    desk.enforce()
    assert len(desk.target.calls) == 3


def test_the_account_that_told_us_is_not_called(desk: Desk) -> None:
    desk.take(opt_out(True))
    desk.enforce()
    assert sorted(desk.target.calls) == [("acme_north", PHONE), ("acme_south", PHONE)]


def test_tests_and_courtesy_texts_are_nothing(desk: Desk) -> None:
    desk.take(message(text="STOP", is_test=True), message(text="see you at 5"), message("sent", text="STOP"))
    assert desk.state() is None


def test_a_doubtful_text_is_held_and_becomes_an_opt_out_if_nobody_decides(desk: Desk) -> None:
    clock = HoldClock(desk.ledger, desk.clock)
    desk.take(message(text="wrong number"))
    assert desk.state() == "hold"
    desk.now = desk.all("SELECT due_at FROM opt_out_reviews")[0][0] - timedelta(seconds=1)
    clock(desk.database)
    assert desk.state() == "hold"
    desk.later(seconds=2)
    clock(desk.database)
    assert desk.state() == "out"
    assert desk.all("SELECT decision, decided_by FROM opt_out_reviews") == [("expired", "clock")]
    assert desk.all("SELECT actor FROM opt_out_ledger ORDER BY position") == [("contact",), ("clock",)]
    clock(desk.database)
    assert len(desk.all("SELECT FROM opt_out_ledger")) == 2


def test_what_reads_like_a_stop_in_an_unknown_webhook_is_held(desk: Desk) -> None:
    desk.take(
        unrecognized(payload='{"what": {"from": "(303) 555-0177", "words": ["hi", "unsubscribe"]}}'),
        unrecognized(payload='{"body": "STOP"}', contact_phone=PHONE, phone_valid=True),
        unrecognized(payload='{"body": "STOP"}'),
        unrecognized(payload='{"body": "good morning"}'),
    )
    assert (desk.state("+13035550177"), desk.state()) == ("hold", "hold")
    kinds = desk.all("SELECT kind, phone FROM opt_out_reviews ORDER BY id")
    assert kinds == [("unrecognized", "+13035550177"), ("unrecognized", PHONE), ("unrecognized", None)]


def test_what_cannot_be_read_is_parked_with_its_phone_on_hold(desk: Desk) -> None:
    record = Record("sms.messages.v1", 3, 17, 5, PHONE.encode(), b"\x00rubbish", [("a", b"\xff")])
    with desk.database.transaction() as connection:
        assert desk.processor.park(SetAside(record, "undecodable", "Undecodable", "rubbish"), connection)
        nobody = record._replace(key=None, offset=18)
        assert desk.processor.park(SetAside(nobody, "undecodable", "Undecodable", "rubbish"), connection)
    assert desk.state() == "hold"
    rows = desk.all("SELECT partition, record_offset, key, value, headers, phone FROM opt_out_parked ORDER BY id")
    assert rows[0] == (3, 17, PHONE.encode(), b"\x00rubbish", [["a", "ff"]], PHONE)
    assert rows[1][5] is None
    assert desk.all("SELECT count(*) FROM opt_out_reviews WHERE kind = 'parked' AND decision IS NULL") == [(2,)]


@pytest.mark.parametrize(
    "key", [None, b"", b"\x00", b"\xff\xfe", b" ", b"x" * 5000, "+1\ud800".encode("utf-8", "surrogatepass")]
)
def test_whatever_a_record_is_it_can_be_parked(desk: Desk, key: bytes | None) -> None:
    headers = [("\x00", b"\x00"), ("", b""), ("\ud800", b"\xff"), ("n", None)]
    record = Record("sms.messages.v1", 0, 1, -1, key, None, headers)  # type: ignore[arg-type]
    aside = SetAside(record, "poison", "Bug", "it said \x00 \ud800", 3)
    with desk.database.transaction() as connection:
        assert desk.processor.park(aside, connection)
    assert desk.all("SELECT key, value, disposition FROM opt_out_parked") == [(key, None, "poison")]
    assert desk.all("SELECT count(*) FROM opt_out_reviews WHERE kind = 'parked'") == [(1,)]


@pytest.mark.parametrize(
    ("key", "ours", "phone"),
    [
        (b"+13035550142", False, "+13035550142"),
        (b"(303) 555-0142", False, "+13035550142"),  # read by the region, as every phone is
        (b"72345", False, "72345"),  # a short code
        (b"k", False, None),
        (b"%s%n", False, None),
        (b"\x91\x92\x93\x94", False, None),  # whose escaped form has digits, which are nobody's number
        (b"k", True, "k"),  # ingest keeps what is no phone as it came
        (b"+1" * 200, True, None),  # longer than PostgreSQL's index takes
    ],
)
def test_a_stranger_s_key_holds_only_what_could_be_a_number(
    desk: Desk, key: bytes, ours: bool, phone: str | None
) -> None:
    headers = cloudevents.headers(message()) if ours else []
    record = Record("sms.messages.v1", 0, 1, 0, key, b"\x00\x00\x00\xff\xff", headers)
    with desk.database.transaction() as connection:
        assert desk.processor.park(SetAside(record, "undecodable", "Undecodable", "no schema"), connection)
    writer = "ours" if ours else "unknown"
    assert desk.all("SELECT phone, writer FROM opt_out_parked") == [(phone, writer)]
    assert desk.all("SELECT phone, state FROM opt_outs") == ([] if phone is None else [(phone, "hold")])


def test_a_target_that_is_away_is_called_again_and_one_that_refuses_is_not(desk: Desk) -> None:
    desk.target.troubles = [RetryLater("away"), Rejected("never"), CredentialsRefused("token")]
    desk.take(message(text="STOP"))
    desk.enforce()  # the first call alone, until the budget knows its window
    assert sorted(status for _, status in desk.statuses()) == ["failed", "pending", "pending"]
    desk.later(seconds=61)
    desk.enforce()
    assert sorted(status for _, status in desk.statuses()) == ["done", "done", "failed"]


def test_a_new_account_gets_every_opt_out_and_one_that_is_gone_none(desk: Desk) -> None:
    desk.later(seconds=1)
    desk.take(message(text="STOP"), message(text="STOP", contact_phone="+13035550177"))
    desk.target.slugs = ["acme", "acme_west"]
    desk.later(seconds=60)
    desk.reader(desk.database)
    desk.enforce()
    called = {account for account, _ in desk.target.calls}
    assert called == {"acme", "acme_west"}
    assert len(desk.target.out) == 4


def test_what_the_target_lost_is_repaired_and_only_towards_out(desk: Desk) -> None:
    desk.take(*(message(text="STOP", contact_phone=f"+1303555017{n}") for n in range(5)))
    desk.take(opt_out(False, occurred_at=at(1), contact_phone="+13035550188"))
    desk.enforce()
    desk.target.out.remove(("acme", "+13035550172"))
    desk.target.out.add(("acme_south", "+13035550188"))
    found = compare(desk.database, desk.target)
    assert (found.lost["acme"], found.unheard["acme_south"]) == (["+13035550172"], ["+13035550188"])
    with desk.database.transaction() as connection:
        repair(connection, desk.ledger, found, desk.now)
    desk.enforce(20)
    assert desk.state("+13035550188") == "out"
    assert len(desk.target.out) == 18
    again = compare(desk.database, desk.target)
    assert again.counts()["lost"] == again.counts()["unheard"] == 0


def test_the_comparison_comes_by_itself(desk: Desk) -> None:
    nightly = OptOutReconciler(desk.target, desk.ledger, every=timedelta(days=1), now=desk.clock)
    desk.take(message(text="STOP"))
    desk.enforce()
    nightly(desk.database)
    desk.target.out.clear()
    nightly(desk.database)
    assert desk.statuses() == [(slug, "done") for slug in ("acme", "acme_north", "acme_south")]
    desk.later(days=1)
    nightly(desk.database)
    desk.enforce()
    assert len(desk.target.out) == 3


def test_the_state_is_published_from_the_ledger(desk: Desk) -> None:
    producer = MemoryProducer()
    publication = Publication(producer, _codec)
    desk.take(message(text="STOP"), message(text="wrong number", contact_phone="+13035550177"))
    publication(desk.database)
    publication(desk.database)
    states = {record.key: _codec.decode(record.value) for record in producer.published}
    assert len(producer.published) == 2
    assert {key: state.state for key, state in states.items()} == {PHONE.encode(): "out", b"+13035550177": "hold"}  # type: ignore[attr-defined]
    assert desk.all("SELECT position FROM opt_out_cursors") == [(2,)]


def test_the_report_and_the_gauges_tell(desk: Desk) -> None:
    desk.take(message(text="STOP"))
    desk.enforce()
    OptOutGauges(near=timedelta(hours=48), now=desk.clock)(desk.database)
    with desk.by_operator.transaction() as connection:
        assert report.speed(connection, desk.now).calls == 3
        assert report.late(connection, desk.now + timedelta(days=30)) == []
        [rate] = report.rates(connection, desk.now)
        assert (rate.provider, rate.opt_outs, rate.contacts, rate.alarm) == ("textlink", 0, 0, None)
        assert report.violations(connection, desk.now) == []


def test_the_rate_of_opt_outs_has_one_clock(desk: Desk) -> None:
    # Given a text and the stop that answers it, both of 40 days ago, that come only now
    long_ago = at(-40 * 24 * 60)
    late = {"occurred_at": long_ago, "contact_phone": "+13035550166"}
    desk.take(message(text="STOP", **late))
    database = Database(lambda: connect(desk.postgres.dsn("persist"), process="persist"))
    with database.transaction() as connection:
        Persist(Configuration.of(PersistSettings())).handle([delivery(message("sent", "old", **late), 1)], connection)
    database.close()
    # Then neither counts for the last 30 days, whenever it was received
    with desk.by_operator.transaction() as connection:
        assert report.rates(connection, desk.now) == []


def test_a_person_decides(desk: Desk) -> None:
    by_hand = ByHand(desk.ledger, "kim")
    with desk.by_operator.transaction() as connection:
        by_hand.add(connection, "+13035550101", "by phone", "please stop writing me")
        by_hand.hold(connection, "+13035550102", "unclear letter")
        by_hand.release(connection, "+13035550102", "it was about another number")
        with pytest.raises(NothingToDecide):
            by_hand.release(connection, "+13035550101", "no")
    assert desk.state("+13035550101") == "out"
    assert desk.state("+13035550102") == "in"
    assert desk.all("SELECT decision FROM opt_out_reviews") == [("released",)]
    # A B that was no stop is voided, a hold that was one becomes an opt-out
    desk.take(message(text="please stop texting me"), message(text="wrong number", contact_phone="+13035550177"))
    questions = dict(desk.all("SELECT kind, id FROM opt_out_reviews WHERE decision IS NULL"))
    with desk.by_operator.transaction() as connection:
        by_hand.answer(connection, questions["out"], "release", "she meant the bus")
        by_hand.answer(connection, questions["hold"], "out", "it was")
        with pytest.raises(NothingToDecide):
            by_hand.answer(connection, questions["hold"], "out", "again")
    assert (desk.state(), desk.state("+13035550177")) == ("in", "out")
    reported = proof(desk.database._connected(), number_query(PHONE, "US"))
    assert [row["action"] for row in reported["ledger"]] == ["out", "correction"]
    assert reported["ledger"][0]["evidence"]["text"] == "please stop texting me"
    assert all(row["hash_is_right"] for row in reported["ledger"])


def test_a_chain_with_one_altered_byte_is_found(desk: Desk) -> None:
    desk.take(*(message(text="STOP", contact_phone=f"+1303555017{n}") for n in range(5)))
    with desk.database.transaction() as connection:
        good = verify(connection)
    assert (good.rows, good.broken, good.evidence) == (5, None, 5)
    for change in ("phone = '+13035550999'", "previous_hash = repeat('0', 64)", "rule = 'x'"):
        with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute("UPDATE opt_out_ledger SET " + change + " WHERE position = 3")  # noqa: S608 - as above
            bad = verify(superuser)
            superuser.rollback()
        assert (bad.rows, bad.broken) == (2, 3)
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("DELETE FROM opt_out_ledger WHERE position = 2")
        assert verify(superuser).reason == "row 2 is missing"
        superuser.rollback()
        superuser.execute("UPDATE opt_out_evidence SET text = 'STOp' WHERE text = 'STOP'")
        assert verify(superuser).reason == "its evidence is not what was written"
        superuser.rollback()
        superuser.execute("DELETE FROM opt_out_evidence")
        assert (verify(superuser).broken, verify(superuser).erased) == (None, 5)
        superuser.rollback()


def test_the_states_are_made_anew_with_the_same_result(desk: Desk) -> None:
    desk.take(message(text="STOP"), opt_out(True, contact_phone="+13035550111"), opt_out(False, occurred_at=at(9)))
    before = desk.all("SELECT phone, state, since, position FROM opt_outs ORDER BY phone")
    with desk.by_operator.transaction() as connection:
        assert rebuild(connection, "organisation", desk.now, write=True).differing == []
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:  # whom no trigger stops
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE opt_outs SET state = 'in'")
        superuser.execute("INSERT INTO opt_outs VALUES ('+1', 'in', now(), '', 1, 1)")
    with desk.by_operator.transaction() as connection:
        found = rebuild(connection, "organisation", desk.now, write=True)
    assert "+1" in found.differing
    assert desk.all("SELECT phone, state, since, position FROM opt_outs ORDER BY phone") == before


def test_who_was_texted_after_a_stop_is_told(desk: Desk) -> None:
    desk.take(message(text="STOP", occurred_at=at(10)))
    desk.take(message(text="STOP", contact_phone="+13035550177", occurred_at=at(10)))
    desk.take(message(text="START", contact_phone="+13035550177", occurred_at=at(20)))
    database = Database(lambda: connect(desk.postgres.dsn("persist"), process="persist"))
    sends = [
        message("sent", "before", occurred_at=at(9)),
        message("sent", "confirmation", occurred_at=at(12)),
        message("sent", "second", occurred_at=at(13)),
        message("sent", "later", occurred_at=at(90)),
        # Sent before the stop, delivered after it
        message("delivered", "late delivery", occurred_at=at(95), provider_message_id="/messages/1"),
        message("sent", "in again", contact_phone="+13035550177", occurred_at=at(30)),
        message("sent", "nobody's", contact_phone="+13035550188", occurred_at=at(30)),
    ]
    with database.transaction() as connection:
        deliveries = [delivery(event, n) for n, event in enumerate(sends)]
        Persist(Configuration.of(PersistSettings())).handle(deliveries, connection)
    with desk.by_operator.transaction() as connection:
        found = report.violations(connection, desk.now)
        rates = report.rates(connection, desk.now)
    database.close()
    assert [violation.message_key for violation in found] == ["second", "later"]
    assert [(rate.opt_outs, rate.contacts, rate.alarm) for rate in rates if rate.provider == "textlink"] == [
        (2, 3, "restricted")
    ]


def untimed(minutes: float, number: int) -> dict[str, Any]:
    """What an event has that nothing identifies: the receipt as its time, and a UUIDv7."""
    return {
        "occurred_at": at(minutes),
        "received_at": at(minutes),
        "event_id": UUID(int=0x7 << 76 | 0x8 << 60 | number),
    }


OPT_INS = {
    "a START of TextLink without a time": lambda minutes, number: message(text="START", **untimed(minutes, number)),
    "a START of TextLink whose time is none": lambda minutes, number: message(
        text="START", time_valid=False, **untimed(minutes, number) | {"event_id": event_id(number)}
    ),
    "an opt-in of TextUs without id and time": lambda minutes, number: opt_out(False, **untimed(minutes, number)),
}


@pytest.mark.parametrize("opt_in", OPT_INS.values(), ids=OPT_INS)
@pytest.mark.parametrize("stopped", ["STOP", "wrong number"])
def test_an_opt_in_that_may_be_a_repeat_reopens_nothing_and_is_asked_about(
    desk: Desk, opt_in: Callable[[float, int], Event], stopped: str
) -> None:
    before = {"STOP": "out", "wrong number": "hold"}[stopped]
    desk.take(message(text=stopped, occurred_at=at(1)))
    for number in range(3):  # sent again and again
        desk.take(opt_in(2 + number, 900 + number))
    assert desk.state() == before
    open_now = "SELECT kind, position, due_at FROM opt_out_reviews WHERE decision IS NULL AND kind = 'opt-in'"
    assert desk.all(open_now) == [("opt-in", 2, None)]
    with desk.by_operator.transaction() as connection:
        assert "opt-in" in [review.kind for review in reviews.waiting(connection)]
        assert rebuild(connection, "organisation", desk.now, write=True).differing == []
    # Another stop makes it moot
    desk.take(message(text="STOP", occurred_at=at(9)))
    assert desk.state() == "out"
    assert desk.all(open_now) == []


def test_a_person_decides_about_an_opt_in(desk: Desk) -> None:
    by_hand = ByHand(desk.ledger, "kim")
    number = "SELECT id FROM opt_out_reviews WHERE kind = 'opt-in' AND decision IS NULL AND phone = %s"
    phones = ("+13035550171", "+13035550172", "+13035550173")
    for n, phone in enumerate(phones):
        desk.take(message(text="STOP", contact_phone=phone, occurred_at=at(1)))
        for repeat in (0, 1):
            desk.take(message(text="START", contact_phone=phone, **untimed(3 + repeat, 950 + 2 * n + repeat)))
    confirmed, voided, late = (desk.all(number, phone)[0][0] for phone in phones)
    with desk.by_operator.transaction() as connection:
        with pytest.raises(NothingToDecide, match="--in or --out"):
            by_hand.answer(connection, confirmed, "release", "no such answer")
        by_hand.answer(connection, confirmed, "in", "she called us")
        by_hand.answer(connection, voided, "out", "he knows nothing of it")
        by_hand.answer(connection, late, "in", "they wrote a letter")
    assert [desk.state(phone) for phone in phones] == ["in", "out", "in"]
    # The repeats are voided with it, so that nobody is asked about each of them
    assert desk.all("SELECT count(*) FROM opt_out_reviews WHERE decision IS NULL") == [(0,)]
    decisions = desk.all("SELECT decision, decided_by FROM opt_out_reviews WHERE kind = 'opt-in' ORDER BY id")
    assert decisions == [("confirmed", "operator:kim"), ("voided", "operator:kim"), ("confirmed", "operator:kim")]
    # A stop that was received after the START, and is read only now, still stands: the START counts from its receipt
    desk.take(message(text="STOP", contact_phone=phones[2], occurred_at=at(5)))
    assert desk.state(phones[2]) == "out"
    with desk.by_operator.transaction() as connection:
        assert verify(connection).broken is None
        assert rebuild(connection, "organisation", desk.now, write=True).differing == []


def test_in_is_no_answer_to_a_stop(desk: Desk) -> None:
    desk.take(message(text="please stop texting me"))
    [(number,)] = desk.all("SELECT id FROM opt_out_reviews")
    with desk.database.transaction() as connection, pytest.raises(NothingToDecide, match="--out or --release"):
        ByHand(desk.ledger, "kim").answer(connection, number, "in", "a mistake")
    assert desk.state() == "out"


def test_an_opt_in_of_textus_with_a_new_delivery_id_counts_without_a_time(desk: Desk) -> None:
    numbered = opt_out(False, occurred_at=at(2), received_at=at(2))
    desk.take(message(text="STOP", occurred_at=at(1)), numbered)
    assert desk.state() == "in"
    # ... and once
    desk.take(message(text="STOP", occurred_at=at(3)), replace(numbered, received_at=at(4), occurred_at=at(4)))
    assert desk.state() == "out"


def test_a_node_whose_clock_was_ahead_lets_nobody_in_for_years(desk: Desk) -> None:
    # Given an opt-in that counts by its receipt, from a node whose clock is ten years ahead
    years = 10 * 365 * 24 * 60.0
    desk.now = at(2)
    desk.take(opt_out(False, occurred_at=at(years), received_at=at(years)))
    assert desk.state() == "in"
    # When a stop comes once the clock is right again, it is later
    desk.now = at(5)
    desk.take(message(text="STOP", occurred_at=at(5), received_at=at(5), time_valid=False))
    assert desk.state() == "out"
    # And a stop of a wrong clock has a deadline that somebody will see
    late = {"contact_phone": "+13035550199", "received_at": at(years), "time_valid": False}
    desk.take(message(text="STOP", occurred_at=at(years), **late))
    soon = desk.now + timedelta(days=30)
    assert desk.all("SELECT phone FROM opt_out_ledger WHERE deadline > %s", soon) == []
    # A START of a right clock is not later beyond doubt
    desk.take(message(text="START", contact_phone="+13035550199", occurred_at=at(6), received_at=at(6)))
    assert desk.state("+13035550199") == "out"


def test_who_was_texted_after_a_stop_is_found_in_a_few_looks_at_the_ledger(desk: Desk) -> None:
    """Not in one for every text: with 110,000 texts and 7,000 rows that was slower than a call may be, for ever."""
    phones = [f"+1303555{number:04}" for number in range(400)]
    desk.take(*(message(text="STOP", contact_phone=phone, occurred_at=at(10)) for phone in phones))
    sends = [message("sent", f"to {phone}", contact_phone=phone, occurred_at=at(90)) for phone in phones]
    with connect(desk.postgres.dsn("persist"), process="persist") as connection, connection.transaction():
        deliveries = [delivery(event, n) for n, event in enumerate(sends)]
        Persist(Configuration.of(PersistSettings())).handle(deliveries, connection)
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("ANALYZE opt_out_ledger, messages")
    with desk.by_operator.transaction() as connection:
        assert len(report.violations(connection, desk.now)) == len(phones)
        [(read,)] = connection.execute(
            "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'opt_out_ledger'"
        ).fetchall()
    assert read <= 4 * len(phones)


def test_figures_that_take_too_long_are_not_asked_for_again_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def takes_too_long(*_: object) -> list[report.Rate]:
        nonlocal asked
        asked += 1
        raise psycopg.errors.QueryCanceled

    monkeypatch.setattr(report, "rates", takes_too_long)
    gauges = OptOutGauges(near=timedelta(hours=48), now=desk.clock)
    with pytest.raises(psycopg.errors.QueryCanceled):
        gauges(desk.database)
    for _ in range(SELDOM - 1):
        gauges(desk.database)
    assert asked == 1
    with pytest.raises(psycopg.errors.QueryCanceled):
        gauges(desk.database)


def test_an_opt_in_whose_stop_is_read_later_is_asked_about_then(desk: Desk) -> None:
    desk.take(opt_out(False, **untimed(2, 970)))
    assert (desk.state(), desk.all("SELECT kind FROM opt_out_reviews")) == ("in", [])
    desk.take(message(text="STOP", occurred_at=at(1)))
    assert (desk.state(), desk.all("SELECT kind FROM opt_out_reviews")) == ("out", [("opt-in",)])


def test_a_send_after_an_opt_in_that_does_not_count_is_a_violation(desk: Desk) -> None:
    desk.take(message(text="STOP", occurred_at=at(1)), message(text="START", **untimed(2, 980)))
    sends = [message("sent", f"s{n}", occurred_at=at(30 + n)) for n in range(2)]
    with connect(desk.postgres.dsn("persist"), process="persist") as connection, connection.transaction():
        deliveries = [delivery(event, n) for n, event in enumerate(sends)]
        Persist(Configuration.of(PersistSettings())).handle(deliveries, connection)
    with desk.by_operator.transaction() as connection:
        assert [text.message_key for text in report.violations(connection, desk.now)] == ["s0", "s1"]


@pytest.mark.parametrize("seed", range(4))
def test_every_order_repeat_and_clock_ends_in_the_same_state(desk: Desk, seed: int) -> None:
    """Stops, starts, reports and doubtful texts with clocks that are wrong, in ten orders, some of them twice."""
    rng = random.Random(seed)
    reported = []
    for _ in range(rng.randint(3, 9)):
        said, received = at(rng.randint(0, 6) * 10), at(rng.randint(3, 6) * 10)
        times = {"occurred_at": said, "received_at": received, "time_valid": rng.random() < 0.8}
        make = rng.choice(["STOP", "START", "wrong number", "stop texting me", True, False])
        reported.append((make, times))
    ends = set()
    for order in range(10):
        phone = f"+1303555{order:04d}"
        events = [
            message(text=make, contact_phone=phone, **times)
            if isinstance(make, str)
            else opt_out(make, contact_phone=phone, **times)
            for make, times in reported
        ]
        events += rng.sample(events, len(events) // 2)
        rng.shuffle(events)
        while events:
            size = rng.randint(1, 4)
            desk.take(*events[:size])
            events = events[size:]
        [end] = desk.all("SELECT state, since FROM opt_outs WHERE phone = %s", phone)
        ends.add(end)
        assert desk.all("SELECT count(*) FROM opt_out_ledger WHERE phone = %s", phone) == [(len(reported),)]
    assert len(ends) == 1
    with desk.by_operator.transaction() as connection:
        assert verify(connection).broken is None
        assert rebuild(connection, "organisation", desk.now, write=True).differing == []
