"""`hookline erase` on a real PostgreSQL: nothing of the person is left, and the number stays out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

import ops.erasure.obligations
from ops.erasure.crm_notes import NoteErasure
from ops.erasure.run import Refused
from ops.gate.answers import Answers, GateAnswer
from processors.engine.runner import topics_of
from processors.opt_out import OptOutProcessor, states
from processors.opt_out.ledger import Ledger, lock
from processors.opt_out.phone_digests import PhonePeppers, erased_digest
from processors.opt_out.phone_join import PhoneJoin
from processors.opt_out.settings import OptOutSettings
from processors.opt_out.verify import ChainVerdict, verify
from processors.persist import Persist
from runtime.postgres import Connection, connect
from runtime.settings import Configuration
from schemas.ids import SchemaIds
from schemas.personal_columns import PERSONAL, WITHOUT
from schemas.personal_data import marks
from tests.twins.erasure import KEY, REQUEST, caught_up, dump, erased, insert, rows_of
from tests.twins.events import at, message
from tests.twins.opted_out import Desk, delivery

NEWER = "the-pepper-after-a-rotation"
PHONE, NAME, TEXT = "+13035550142", "Ada Quuxworth", "my secret words, stop"
OTHER = "+17205550142"
#: As `+1 303 555 0142` is written.
SPELLINGS = (PHONE, "(303) 555-0142", "303.555.0142", "1-303-555-0142", "011 1 303 555 0142", "+1 (303) 555 0142")
REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """opt-out's word of having caught up is written once by each test, however slow the machine is."""
    monkeypatch.setattr(ops.erasure.obligations, "BEHIND", 600.0)


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme", phone_peppers=(KEY,))
    yield made
    made.close()


def restart(desk: Desk, *peppers: str) -> None:
    """opt-out comes back with these keys, newest first."""
    desk.settings = OptOutSettings(phone_peppers=peppers)
    desk.ledger = desk.processor._ledger = Ledger(desk.settings, desk.clock)


def ask(desk: Desk, *numbers: str, peppers: tuple[str, ...] = (KEY,), region: str | None = "US") -> list[GateAnswer]:
    """What the gate says, by its own role."""
    caught_up(desk.owner)
    with connect(desk.postgres.dsn("gate"), process="gate") as connection:
        return gate_on(connection, peppers, region).about(numbers)


def gate_on(connection: Connection, peppers: tuple[str, ...], region: str | None) -> Answers:
    return Answers(
        lambda: connection,
        threads=1,
        timeout=10,
        fresh=60,
        topics=topics_of(OptOutProcessor),
        region=region,
        peppers=PhonePeppers(peppers),
    )


def walked(desk: Desk, *peppers: str) -> ChainVerdict:
    with desk.by_operator.transaction() as connection:
        return verify(connection, peppers=PhonePeppers(peppers))


def lived(desk: Desk, phone: str = PHONE, name: str = NAME, text: str = "stop") -> None:
    """A person with rows in every table, out and told everywhere."""
    insert(desk.owner, rows_of(phone, name, text))
    desk.take(message(text=text, contact_phone=phone, name=name))
    desk.enforce()
    desk.owner.execute("UPDATE opt_out_reviews SET decision = 'confirmed', decided_at = now()")
    caught_up(desk.owner)


def traces(desk: Desk, *words: str) -> list[str]:
    """Tables in which any of `words` can be read."""
    return [table for table, rows in dump(desk.owner).items() if any(word in row for row in rows for word in words)]


def test_every_column_that_can_hold_a_text_is_listed(postgres: Any) -> None:
    with psycopg.connect(postgres.owner_dsn) as owner:
        found = owner.execute(
            "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
            " JOIN pg_type AS t ON t.oid = a.atttypid"
            " LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
            " AND c.relname NOT LIKE '\\_yoyo%' AND c.relname <> 'yoyo_lock'"
            " AND coalesce(e.typname, t.typname) IN ('text', 'varchar', 'bpchar', 'json', 'jsonb', 'bytea', 'name')"
        ).fetchall()
    listed = {(table, column) for table, columns in (*PERSONAL.items(), *WITHOUT.items()) for column in columns}
    assert set(found) == listed
    both = {table: set(PERSONAL[table]) & WITHOUT[table] for table in PERSONAL.keys() & WITHOUT.keys()}
    assert not any(both.values())


def test_a_column_named_like_a_personal_field_of_a_record_is_personal() -> None:
    ids = SchemaIds.checked_in()
    fields = {
        field: kind
        for subject in ids.subjects()
        for version in ids.versions(subject)
        for field, kind in marks(version.schema).items()
    }
    # Our own numbers, and words of ours that have the name of a contact's field
    ours = {
        ("*", "account_phone"),
        ("sim_numbers", "phone"),
        ("target_accounts", "name"),
        ("process_heartbeats", "name"),
    }
    ours |= {("erasures", "phone"), ("erased_numbers", "phone"), ("opt_out_cursors", "name")}
    for table, columns in WITHOUT.items():
        for column in columns & fields.keys():
            assert {(table, column), ("*", column)} & ours, f"{table}.{column} holds {fields[column]}"


def test_nothing_of_the_person_is_left_and_the_number_stays_out(desk: Desk) -> None:
    # Given two people in every table, both out and told everywhere
    lived(desk, text="stop texting Quuxworth")
    desk.take(message(text="STOP", contact_phone=PHONE, name=NAME))
    desk.enforce()
    lived(desk, OTHER, "Bea Other", "STOP")
    before = dump(desk.owner)
    assert len(traces(desk, PHONE, "Quuxworth")) >= 14
    # When one is erased
    done = erased(desk.postgres, "(303) 555-0142")
    # Then nothing of her can be read anywhere, in whatever way it is written
    assert done.rows["events"] == 3
    assert done.is_finished
    assert traces(desk, "3035550142", "5550142-", "Quuxworth", "(303)") == []
    # But for the other's: nothing of them has changed
    after = dump(desk.owner)
    for table in (*PERSONAL, "opt_outs"):
        mine = [row for row in before[table] if "7205550142" in row or "Bea" in row]
        assert [row for row in after[table] if "7205550142" in row or "Bea" in row] == mine, table
    # The chain proves what it proved
    for peppers in ((), (KEY,)):
        verdict = walked(desk, *peppers)
        assert (verdict.broken, verdict.phones_erased, verdict.rows) == (None, 2, 3)
    # And the gate answers out, however the number is written, and in for others
    for answer in ask(desk, *SPELLINGS):
        assert (answer.state, answer.sure) == ("out", True), answer
    assert [answer.state for answer in ask(desk, OTHER, "+13035550143", "+12125550142")] == ["out", "in", "in"]
    # A second run finds nothing to do, and writes nothing down
    again = erased(desk.postgres, PHONE)
    assert (again.rows, again.is_finished) == ({}, True)
    assert dump(desk.owner)["erasures"] == after["erasures"]


def test_what_is_promised_to_whoever_asks_is_written_down_without_the_number(desk: Desk) -> None:
    lived(desk)
    done = erased(desk.postgres, PHONE)
    [(phone, *request, result)] = desk.all("SELECT phone, erased_by, asked_by, reason, result FROM erasures")
    assert request == [REQUEST.erased_by, REQUEST.asked_by, REQUEST.reason]
    assert erased_digest(phone) == PhonePeppers([KEY]).digest(PHONE)
    assert result["rows"] == done.rows
    [topic] = [place for place in result["still_held"] if place["where"] == "sms.messages.v1"]
    assert (topic["records"], topic["until"]) == (3, "2026-04-01T15:04:05.678901+00:00")


def test_a_dry_run_tells_the_same_and_changes_nothing(desk: Desk) -> None:
    lived(desk)
    before = dump(desk.owner)
    foretold = erased(desk.postgres, PHONE, dry_run=True)
    assert dump(desk.owner) == before
    assert erased(desk.postgres, PHONE).rows == foretold.rows


def test_a_gate_without_the_key_is_sure_of_nothing(desk: Desk) -> None:
    lived(desk)
    assert ask(desk, "+13035550143", peppers=())[0].state == "in"
    erased(desk.postgres, PHONE)
    for answer in ask(desk, PHONE, "+13035550143", peppers=()):
        assert (answer.state, answer.sure) == ("out", False)
        assert "HOOKLINE_GATE__PHONE_PEPPERS" in answer.why
    # A key that came later does not matter
    assert [answer.state for answer in ask(desk, PHONE, "+13035550143", peppers=(NEWER, KEY))] == ["out", "in"]


def test_a_person_who_comes_back_is_folded_with_what_was_erased(desk: Desk) -> None:
    stop = message(text="STOP", contact_phone=PHONE, name=NAME)
    desk.take(stop)
    desk.enforce()
    caught_up(desk.owner)
    erased(desk.postgres, PHONE)
    # The old stop, read again from its topic, is known
    desk.take(stop)
    assert desk.state() is None
    # When she opts in later than the stop that was erased
    desk.take(message(text="START", contact_phone=PHONE, occurred_at=at(600)))
    assert (desk.state(), ask(desk, PHONE)[0].state) == ("in", "in")
    # And out again
    desk.take(message(text="STOP", contact_phone=PHONE, occurred_at=at(700)))
    assert {answer.state for answer in ask(desk, *SPELLINGS)} == {"out"}
    desk.enforce()
    # The new stop is told everywhere, and nobody is told of a digest
    assert all(erased_digest(phone) is None for _, phone in desk.target.calls)
    assert desk.target.calls.count(("acme", PHONE)) == 2
    # Then she is erased once more, under the same digest
    caught_up(desk.owner)
    erased(desk.postgres, PHONE)
    assert traces(desk, "3035550142") == []
    assert len(desk.all("SELECT DISTINCT phone FROM opt_out_ledger")) == 1
    assert ask(desk, PHONE)[0].state == "out"
    assert walked(desk, KEY).broken is None
    with desk.by_operator.transaction() as connection:
        lock(connection)
        assert states.rebuild(connection, "organisation", desk.clock(), write=False).differing == []


def test_an_opt_in_that_is_older_than_the_erased_stop_opens_nothing(desk: Desk) -> None:
    lived(desk)
    erased(desk.postgres, PHONE)
    desk.take(message(text="START", contact_phone=PHONE, occurred_at=at(-600)))
    assert ask(desk, PHONE)[0].state == "out"


def test_after_a_rotation_the_number_is_the_same(desk: Desk) -> None:
    lived(desk)
    erased(desk.postgres, PHONE)
    restart(desk, NEWER, KEY)
    desk.take(message(text="START", contact_phone=PHONE, occurred_at=at(600)))
    assert ask(desk, PHONE, peppers=(NEWER, KEY))[0].state == "in"
    desk.take(message(text="STOP", contact_phone=PHONE, occurred_at=at(700)))
    desk.enforce()
    caught_up(desk.owner)
    erased(desk.postgres, PHONE, peppers=(NEWER, KEY))
    assert traces(desk, "3035550142") == []
    assert len(desk.all("SELECT DISTINCT phone FROM opt_out_ledger")) == 1
    for answer in ask(desk, *SPELLINGS, peppers=(NEWER, KEY)):
        assert answer.state == "out"
    assert walked(desk, NEWER, KEY).broken is None


def test_what_an_operator_writes_without_the_key_never_opens_the_number(desk: Desk) -> None:
    from processors.opt_out.desk import Desk as ByHand

    lived(desk)
    erased(desk.postgres, PHONE)
    by_hand = ByHand(Ledger(OptOutSettings(), desk.clock), "kim")
    with desk.by_operator.transaction() as connection:
        by_hand.hold(connection, PHONE, "unclear")
    with desk.by_operator.transaction() as connection:
        by_hand.release(connection, PHONE, "clear")
    assert (desk.state(), ask(desk, PHONE)[0].state) == ("in", "out")
    # opt-out joins these rows, and sees whose they are
    PhoneJoin(desk.ledger, desk.settings.peppers())(desk.database)
    assert desk.state() == "out"
    assert walked(desk, KEY).broken is None


def test_rows_of_before_there_was_a_key_are_erased_once_they_are_joined(desk: Desk) -> None:
    restart(desk)
    lived(desk)
    desk.take(message(text="START", contact_phone=PHONE, occurred_at=at(600)))
    caught_up(desk.owner)
    with pytest.raises(Refused, match="hashed with the phone itself"):
        erased(desk.postgres, PHONE)
    restart(desk, KEY)
    PhoneJoin(desk.ledger, desk.settings.peppers())(desk.database)
    erased(desk.postgres, PHONE)
    assert traces(desk, "3035550142") == []
    verdict = walked(desk, KEY)
    assert (verdict.broken, verdict.phones_erased) == (None, 2)
    # How it stood is how it stands, also when it is made anew
    assert ask(desk, PHONE)[0].state == "in"
    with desk.by_operator.transaction() as connection:
        lock(connection)
        assert states.rebuild(connection, "organisation", desk.clock(), write=False).differing == []


def test_an_obligation_that_is_due_comes_first(desk: Desk) -> None:
    # A call that is still to be made
    insert(desk.owner, rows_of(PHONE, NAME, "stop"))
    desk.take(message(text="STOP", contact_phone=PHONE))
    caught_up(desk.owner)
    before = dump(desk.owner)
    with pytest.raises(Refused, match="yet to be told"):
        erased(desk.postgres, PHONE, request=replace(REQUEST, forced=True))
    # One that failed for good, unless an operator says that it was made by hand
    desk.owner.execute("UPDATE enforcements SET status = 'failed'")
    with pytest.raises(Refused, match="never told") as refusal:
        erased(desk.postgres, PHONE)
    assert PHONE not in str(refusal.value)
    desk.owner.execute("UPDATE enforcements SET status = 'done'")
    # A question that nobody has answered
    desk.take(message(text="wrong number", contact_phone="+13035550177"))
    with pytest.raises(Refused, match="question 1 about it is open"):
        erased(desk.postgres, "+13035550177")
    # A delivery to a CRM
    desk.owner.execute("UPDATE crm_deliveries SET status = 'pending'")
    with pytest.raises(Refused, match="rest: 1 deliveries about it are pending"):
        erased(desk.postgres, PHONE)
    desk.owner.execute("UPDATE crm_deliveries SET status = 'done'")
    # What may be on its way
    desk.owner.execute("INSERT INTO ingest_nodes (node, spooled, heard_at) VALUES ('n1', 3, now())")
    with pytest.raises(Refused, match="n1 holds events in its spool"):
        erased(desk.postgres, PHONE)
    desk.owner.execute("DELETE FROM ingest_nodes")
    desk.owner.execute("DELETE FROM consumer_freshness")
    with pytest.raises(Refused, match="has not said that it has caught up"):
        erased(desk.postgres, PHONE)
    assert [row for row in dump(desk.owner)["opt_out_ledger"] if PHONE in row] == before["opt_out_ledger"]
    caught_up(desk.owner)
    assert erased(desk.postgres, PHONE).is_finished


def test_a_failed_call_is_erased_when_an_operator_vouches_for_it(desk: Desk) -> None:
    lived(desk)
    desk.owner.execute("UPDATE enforcements SET status = 'failed'")
    erased(desk.postgres, PHONE, request=replace(REQUEST, forced=True))
    assert desk.all("SELECT forced FROM erasures") == [(True,)]
    assert ask(desk, PHONE)[0].state == "out"


def test_a_new_account_and_a_comparison_are_told_of_no_digest(desk: Desk) -> None:
    lived(desk)
    erased(desk.postgres, PHONE)
    desk.target.slugs.append("umbra")
    desk.later(days=2)
    desk.reader(desk.database)
    desk.enforce()
    assert desk.all("SELECT count(*) FROM enforcements WHERE account = 'umbra'") == [(0,)]


def test_events_that_are_read_again_bring_nothing_back(desk: Desk) -> None:
    processor = Persist(Configuration.of(Persist.settings_type()))
    event = message(text=TEXT, contact_phone=PHONE, name=NAME)
    with connect(desk.postgres.dsn("persist"), process="persist") as connection:
        processor.handle([delivery(event)], connection)
        connection.commit()
        assert set(traces(desk, PHONE)) == {"contacts", "events", "messages"}
        caught_up(desk.owner)
        erased(desk.postgres, PHONE)
        processor.handle([delivery(event)], connection)
        connection.commit()
        assert traces(desk, "3035550142", "Quuxworth", TEXT) == []
        # What is new is stored as ever
        processor.handle([delivery(message(text="hello", contact_phone=PHONE))], connection)
        connection.commit()
    assert desk.all("SELECT text FROM messages") == [("hello",)]


def test_notes_that_could_not_be_overwritten_are_tried_again(desk: Desk) -> None:
    lived(desk)
    done = erased(desk.postgres, PHONE, erase_notes=lambda notes, _: NoteErasure(0, tuple(notes), (), ("down",)))
    assert (len(done.notes.unfinished), done.is_finished) == (2, False)
    assert traces(desk, "3035550142") == []
    overwritten_notes: list[str] = []

    def now(notes: Any, contacts: Any) -> NoteErasure:
        overwritten_notes.extend(note.note for note in notes)
        return NoteErasure(len(notes), (), (), ())

    assert erased(desk.postgres, PHONE, erase_notes=now).is_finished
    assert sorted(overwritten_notes) == ["d0142", "n0142"]
    assert erased(desk.postgres, PHONE, erase_notes=now).rows == {}
    assert len(overwritten_notes) == 2


def test_a_node_that_was_not_reached_is_waited_for(desk: Desk) -> None:
    lived(desk)
    desk.owner.execute("INSERT INTO ingest_nodes (node, spooled, heard_at) VALUES ('n1', 0, now()), ('n2', 0, now())")
    first = erased(desk.postgres, PHONE, erase_here=lambda *_: ("n1", 2))
    assert (first.nodes, first.is_finished) == ({"n1": 2, "n2": None}, False)
    desk.owner.execute("UPDATE ingest_nodes SET heard_at = now()")
    second = erased(desk.postgres, PHONE, erase_here=lambda *_: ("n2", 0))
    assert (second.nodes, second.is_finished) == ({"n1": 2, "n2": 0}, True)


def test_the_role_erases_a_phone_and_nothing_else(desk: Desk) -> None:
    lived(desk)
    lived(desk, OTHER, "Bea Other", "STOP")
    right = PhonePeppers([KEY]).digest(PHONE).erased_phone
    others = PhonePeppers([KEY]).digest(OTHER).erased_phone
    for process in ("operator", "opt-out", "console", "retention"):
        with connect(desk.postgres.dsn(process), process="test") as connection, pytest.raises(REFUSED):
            connection.execute("UPDATE opt_out_ledger SET phone = %s WHERE position = 1", (right,))
    with psycopg.connect(desk.postgres.owner_dsn) as owner, pytest.raises(REFUSED, match="only ever added"):
        owner.execute("UPDATE opt_out_ledger SET phone = %s WHERE position = 1", (right,))
    for phone in (others, "", OTHER, "erased:x", "+13035550999"):
        with connect(desk.postgres.dsn("erase"), process="test") as connection, pytest.raises(REFUSED):
            connection.execute("UPDATE opt_out_ledger SET phone = %s WHERE position = 1", (phone,))
    for change in ("action = 'in'", "hash = 'x'", "received_at = now()", "phone_digest = NULL"):
        with connect(desk.postgres.dsn("erase"), process="test") as connection, pytest.raises(REFUSED):
            connection.execute(f"UPDATE opt_out_ledger SET {change} WHERE position = 1")  # noqa: S608
    with connect(desk.postgres.dsn("erase"), process="test") as connection:
        for statement in ("DELETE FROM opt_out_ledger", "TRUNCATE opt_out_ledger", "DELETE FROM events"):
            with pytest.raises(REFUSED):
                connection.execute(statement)
        with pytest.raises(REFUSED):
            connection.execute("DELETE FROM opt_outs WHERE phone = %s", (PHONE,))
        connection.execute("INSERT INTO erased_returns VALUES (%s, %s)", (PHONE, right))
        connection.execute("UPDATE opt_out_ledger SET phone = %s WHERE position = 1", (right,))


def test_an_operator_does_not_put_one_number_behind_another(desk: Desk) -> None:
    lived(desk)
    with connect(desk.postgres.dsn("operator"), process="test") as connection, pytest.raises(REFUSED):
        connection.execute("INSERT INTO erased_returns VALUES (%s, 'erased:x')", (PHONE,))


@pytest.mark.parametrize("seed", range(4))
def test_of_many_people_one_is_erased(desk: Desk, seed: int) -> None:
    """Whatever they have said, the others' rows and answers are as they were."""
    chance = random.Random(seed)
    people = [f"+1{chance.choice(['303', '720', '212'])}555{number:04d}" for number in chance.sample(range(10000), 8)]
    for _ in range(25):
        phone, text = chance.choice(people), chance.choice(["STOP", "START", "hello", "stop texting me"])
        desk.take(message(text=text, contact_phone=phone, occurred_at=at(chance.randrange(1400))))
    for phone in people:
        insert(desk.owner, rows_of(phone, f"Name of {phone}", f"text of {phone}"))
    desk.enforce()
    desk.owner.execute("UPDATE opt_out_reviews SET decision = 'confirmed', decided_at = now()")
    desk.later(hours=1)
    answers = {answer.phone: answer.state for answer in ask(desk, *people)}
    before = dump(desk.owner)
    chosen, others = people[0], people[1:]
    erased(desk.postgres, chosen)
    after = dump(desk.owner)
    assert traces(desk, chosen, chosen[2:]) == []
    for table in PERSONAL:
        kept = [row for row in before[table] if any(phone in row for phone in others)]
        assert [row for row in after[table] if any(phone in row for phone in others)] == kept
    assert {answer.phone: answer.state for answer in ask(desk, *people)} == answers
    assert walked(desk, KEY).broken is None
