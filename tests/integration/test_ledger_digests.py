"""The chain holds digests of phones: on a real PostgreSQL, from before there was a key to after a phone is erased."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import psycopg
import pytest

from processors.opt_out.entry import Entry
from processors.opt_out.ledger import Ledger
from processors.opt_out.phone_digests import PhonePeppers, pepper_name
from processors.opt_out.phone_join import PhoneJoin
from processors.opt_out.settings import OptOutSettings
from processors.opt_out.verify import ChainVerdict, verify
from tests.integration.test_ledger_guard import INSERT, opt_in_after, rows, sealed, values
from tests.twins.events import message
from tests.twins.opted_out import Desk

OLD, NEW = "the-pepper-of-the-first-years", "the-pepper-after-a-rotation"
PHONE = "+13035550142"


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


def restart(desk: Desk, *peppers: str) -> None:
    """The processor comes back with these keys, newest first."""
    desk.settings = OptOutSettings(phone_peppers=peppers)
    desk.ledger = desk.processor._ledger = Ledger(desk.settings, desk.clock)


def stops(desk: Desk, *numbers: int) -> None:
    desk.take(*(message(text="STOP", contact_phone=f"+130355501{number:02d}") for number in numbers))


def join(desk: Desk, *peppers: str) -> None:
    restart(desk, *peppers)
    PhoneJoin(desk.ledger, desk.settings.peppers())(desk.database)


def walked(desk: Desk, *peppers: str, heads: dict[int, set[str]] | None = None) -> ChainVerdict:
    with desk.by_operator.transaction() as connection:
        return verify(connection, heads=heads or {}, peppers=PhonePeppers(peppers))


def changed(desk: Desk, statement: str, *given: Any) -> None:
    """As whoever owns the database can: the triggers do not look."""
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(statement, given)


def erased(desk: Desk, position: int) -> None:
    changed(desk, "UPDATE opt_out_ledger SET phone = '' WHERE position = %s", position)


def test_the_chain_holds_without_the_phone(desk: Desk) -> None:
    # Given rows with the digest of their phone
    restart(desk, OLD)
    stops(desk, 1, 2, 3)
    assert {row.chain_version for row in rows(desk)} == {2}
    assert asdict(walked(desk, OLD)) | {"broken": None} == asdict(walked(desk, OLD))
    assert (walked(desk, OLD).phones, walked(desk).phones_unchecked) == (3, 3)
    # When one phone is erased, the chain holds, with the key and without
    erased(desk, 2)
    for peppers in ((), (OLD,)):
        verdict = walked(desk, *peppers)
        assert (verdict.rows, verdict.broken, verdict.phones_erased) == (3, None, 1)
    # But for another number in its place, which only the key shows
    changed(desk, "UPDATE opt_out_ledger SET phone = '+13035550999' WHERE position = 2")
    assert (walked(desk).broken, walked(desk, OLD).broken) == (None, 2)


def test_what_is_no_phone_of_the_row_is_found_by_auditors_without_us(desk: Desk) -> None:
    """An auditor has the rows without their phones, SHA-256 and JSON."""
    restart(desk, OLD)
    stops(desk, 1, 2)
    previous = "0" * 64
    for row in rows(desk):
        columns = {name: value for name, value in asdict(row).items() if name not in ("phone", "hash", "facts")}
        plain = {
            name: value.isoformat(timespec="microseconds")
            if isinstance(value, datetime)
            else value
            if value is None or isinstance(value, int | bool)
            else str(value)
            for name, value in columns.items()
        }
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
        assert row.previous_hash == previous
        assert row.hash == hashlib.sha256(text.encode()).hexdigest()
        previous = row.hash
        # With the key, the phone as well
        expected = hmac.new(OLD.encode(), row.phone.encode(), hashlib.sha256).hexdigest()
        assert (row.phone_digest, row.phone_pepper) == (expected, pepper_name(OLD))


def test_rows_of_before_are_joined_once_and_their_heads_still_prove(desk: Desk) -> None:
    # Given rows from before there was a key, and a head that an auditor has of them
    stops(desk, 1, 2, 3)
    before = rows(desk)
    head = {3: {before[-1].hash}}
    # When the processor comes back with a key
    join(desk, OLD)
    join(desk, OLD)
    stops(desk, 4)
    # Then they are as they were, one row joins them, and all goes on behind it
    after = rows(desk)
    assert after[:3] == before
    assert [row.action for row in after] == ["out", "out", "out", "migration", "out"]
    assert "1 to 3" in (after[3].reason or "")
    verdict = walked(desk, OLD, heads=head)
    assert (verdict.rows, verdict.broken, verdict.phones) == (5, None, 4)
    # And phones of theirs can be erased
    erased(desk, 1)
    erased(desk, 2)
    for peppers in ((), (OLD,)):
        verdict = walked(desk, *peppers, heads=head)
        assert (verdict.rows, verdict.broken, verdict.phones_erased) == (5, None, 2)
    # The numbers that stay are as they were
    assert desk.state("+13035550103") == desk.state("+13035550104") == "out"
    assert desk.all("SELECT count(*) FROM opt_outs WHERE phone = ''") == [(0,)]


@pytest.mark.parametrize(
    ("attack", "broken"),
    [
        ("UPDATE opt_out_ledger SET action = 'in', phone = '' WHERE position = 2", 4),
        ("UPDATE opt_out_ledger SET received_at = received_at - interval '1 s', phone = '' WHERE position = 2", 4),
        ("UPDATE opt_out_ledger SET hash = repeat('f', 64), phone = '' WHERE position = 2", 3),
        ("UPDATE opt_out_joined_phones SET phone_digest = repeat('f', 64) WHERE position = 2", 2),
        ("DELETE FROM opt_out_joined_phones WHERE position = 2", 4),
        ("UPDATE opt_out_ledger SET phone = '+13035550999' WHERE position = 2", 2),
        ("UPDATE opt_out_ledger SET event_hash = repeat('f', 64) WHERE position = 4", 4),
    ],
)
def test_joined_rows_cannot_be_changed_unseen(desk: Desk, attack: str, broken: int) -> None:
    stops(desk, 1, 2, 3)
    join(desk, OLD)
    changed(desk, attack)
    assert walked(desk, OLD).broken == broken


def test_a_phone_that_no_migration_vouches_for_is_not_erased(desk: Desk) -> None:
    stops(desk, 1, 2)
    erased(desk, 2)
    assert walked(desk).broken == 2
    # Neither where only its digest is there yet
    changed(desk, "INSERT INTO opt_out_joined_phones VALUES (2, repeat('a', 64), repeat('b', 16))")
    assert walked(desk).broken == 2


def test_a_pepper_rotates_without_a_stop(desk: Desk) -> None:
    # Given two members, of which one has the new key already and the other has not
    restart(desk, OLD)
    stops(desk, 1)
    restart(desk, NEW, OLD)
    stops(desk, 2)
    restart(desk, OLD)
    stops(desk, 3)
    # Then all rows are proven while both keys are known, and rows of a key that is gone are not in doubt
    assert walked(desk, NEW, OLD).phones == 3
    left = walked(desk, NEW)
    assert (left.broken, left.phones, left.phones_unchecked) == (None, 1, 2)
    # One number by both keys stays one number
    restart(desk, NEW, OLD)
    desk.later(hours=1)
    stops(desk, 1)
    assert walked(desk, NEW, OLD).phones == 4
    assert desk.state("+13035550101") == "out"


def test_a_process_without_the_key_still_writes_stops(desk: Desk) -> None:
    restart(desk, OLD)
    stops(desk, 1)
    restart(desk)  # an operator's command, or an older version in the middle of an upgrade
    stops(desk, 2)
    assert desk.state("+13035550102") == "out"
    join(desk, OLD)
    stops(desk, 3)
    assert [row.chain_version for row in rows(desk)] == [2, 1, 2, 2]
    assert walked(desk, OLD).phones == 3
    erased(desk, 2)
    assert walked(desk).broken is None


def test_many_rows_are_joined_piece_by_piece(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.opt_out.phone_join.ROWS", 2)
    stops(desk, 1, 2, 3, 4, 5)
    restart(desk, OLD)
    first, second = (PhoneJoin(desk.ledger, desk.settings.peppers()) for _ in range(2))
    # Given two members that both have begun, and one that is killed in between
    assert first(desk.database) == 0.0
    assert second(desk.database) == 0.0
    assert second(desk.database) == 0.0
    while second(desk.database) == 0.0:
        pass
    while first(desk.database) == 0.0:
        pass
    # Then the rows are joined once
    assert [row.action for row in rows(desk)].count("migration") == 1
    assert walked(desk, OLD).phones == 5


def forged(desk: Desk, row: Entry, dsn: str) -> str:
    """What the database says to `row`."""
    with psycopg.connect(dsn) as connection:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)) as refused:
            connection.execute(INSERT, values(row))
        connection.rollback()
    return str(refused.value)


def test_no_digest_that_is_another_phones(desk: Desk) -> None:
    restart(desk, OLD)
    stops(desk, 1, 2)
    first, newest = rows(desk)
    # An opt-in of the second number put behind the digest of the first, and one without any
    opt_in = opt_in_after(newest, phone_digest=first.phone_digest)
    assert "another phone" in forged(desk, opt_in, desk.postgres.dsn("opt-out"))
    assert "digest" in forged(desk, sealed(opt_in, phone_digest=None), desk.postgres.dsn("opt-out"))
    # Rows that join others, by those who join none; and one that says nothing
    empty: dict[str, Any] = {"phone_digest": None, "phone_pepper": None, "phone": "", "event_hash": "f" * 64}
    joins = sealed(replace(opt_in, action="migration", actor="migration", **empty))
    assert "operator" in forged(desk, joins, desk.postgres.dsn("operator"))
    assert "digest_check" in forged(desk, sealed(joins, event_hash=None), desk.postgres.dsn("opt-out"))
    assert "digest_check" in forged(desk, sealed(joins, phone=PHONE), desk.postgres.dsn("opt-out"))
    assert len(rows(desk)) == 2


def test_an_opt_in_with_the_digest_of_another_opens_nothing(desk: Desk) -> None:
    # Given a number that is out, and an owner of the database who puts another's opt-in behind its stop
    restart(desk, OLD)
    stops(desk, 1, 2)
    opt_in = opt_in_after(rows(desk)[-1])
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute(INSERT, values(opt_in))
    changed(desk, "UPDATE opt_out_ledger SET phone = '+13035550101' WHERE position = 3")
    # Then the next look at it leaves it out
    with desk.database.transaction() as connection:
        folded = desk.ledger.folded(connection, "+13035550101")
    assert folded is not None
    assert folded.state == "out"
