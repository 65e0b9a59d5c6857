"""The database keeps the chain together and states behind rows, whoever writes: forgeries, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.opt_out import states
from processors.opt_out.entry import COLUMNS, GENESIS, SELECTED, Entry, entry
from processors.opt_out.fold import fold
from processors.opt_out.provider_facts import provider_facts
from processors.opt_out.verify import verify
from schemas.provider_facts import CAREFUL
from tests.twins.events import at, message, opt_out
from tests.twins.opted_out import Desk

INSERT = f"INSERT INTO opt_out_ledger ({SELECTED}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
PHONE = "+13035550142"
_LATE = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


def rows(desk: Desk) -> list[Entry]:
    return [entry(row) for row in desk.all(f"SELECT {SELECTED} FROM opt_out_ledger ORDER BY position")]  # noqa: S608


def sealed(row: Entry, **changed: Any) -> Entry:
    """`row` with these columns, and the hash that belongs to them."""
    other = replace(row, **changed)
    return replace(other, hash=other.hashed())


def values(row: Entry) -> list[Any]:
    return [getattr(row, column) for column in COLUMNS]


def opt_in_after(row: Entry, **changed: Any) -> Entry:
    """A forger's row: an opt-in a year later, in every way like one of ours but for `changed`."""
    given_columns = {"position": row.position + 1, "previous_hash": row.hash, "action": "in", "event_id": None}
    times = {"occurred_at": None, "effective_at": _LATE, "received_at": _LATE, "deadline": None}
    return sealed(row, **(given_columns | times | {"evidence_digest": None} | changed))


def unguarded(desk: Desk, *written: Entry) -> None:
    """Write as nobody can but who owns the database: without triggers, and before the constraints were there."""
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("SET session_replication_role = replica")
        for name in ("opt_out_ledger_position_check", "opt_out_ledger_times_check"):
            superuser.execute(f"ALTER TABLE opt_out_ledger DROP CONSTRAINT IF EXISTS {name}")
        for row in written:
            superuser.execute(INSERT, values(row))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        # The row that a verifier which starts at 1 never sees
        ({"position": -5}, "position"),
        ({"position": 0}, "position"),
        # Gaps, and the end of all positions
        ({"position": 4}, "position"),
        ({"position": 2**63 - 1}, "position"),
        # A second row in an old place
        ({"position": 1}, "position"),
        # A fork: beside the newest row instead of after it
        ({"previous_hash": "first"}, "previous_hash"),
        ({"previous_hash": GENESIS}, "previous_hash"),
        # A hash of something else, which would make every later walk stop here
        ({"hash": "f" * 64}, "hash"),
    ],
)
def test_no_row_stands_beside_the_chain(desk: Desk, changed: dict[str, Any], said: str) -> None:
    desk.take(message(text="STOP"), message(text="STOP", contact_phone="+13035550177"))
    first, newest = rows(desk)
    if changed.get("previous_hash") == "first":
        changed = {"previous_hash": first.previous_hash}
    forged = opt_in_after(newest, **{key: value for key, value in changed.items() if key != "hash"})
    forged = replace(forged, hash=changed.get("hash", forged.hash))
    for dsn in (desk.postgres.dsn("opt-out"), desk.postgres.owner_dsn):
        with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match=said):
            connection.execute(INSERT, values(forged))
    assert len(rows(desk)) == 2


def test_rows_of_one_statement_follow_each_other(desk: Desk) -> None:
    desk.take(message(text="STOP"))
    [newest] = rows(desk)
    second = opt_in_after(newest)
    third, fork = opt_in_after(second), opt_in_after(newest, reason="other")
    both = INSERT + ", (" + ", ".join(["%s"] * len(COLUMNS)) + ")"
    with psycopg.connect(desk.postgres.dsn("opt-out")) as connection:
        connection.execute(both, values(second) + values(third))
        connection.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="position"):
            connection.execute(both, values(second) + values(fork))


def test_a_temporary_table_of_the_same_name_deceives_nobody(desk: Desk) -> None:
    desk.take(message(text="STOP"))
    [newest] = rows(desk)
    forged = opt_in_after(newest, position=1, previous_hash=GENESIS)
    with psycopg.connect(desk.postgres.dsn("opt-out")) as connection:
        connection.execute("CREATE TEMPORARY TABLE opt_out_ledger (LIKE public.opt_out_ledger)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(INSERT.replace("INTO opt", "INTO public.opt"), values(forged))


@pytest.mark.parametrize("time", ["infinity", "-infinity", "0044-03-15 BC", "12000-01-01"])
def test_no_row_has_a_time_that_readers_cannot_hold(desk: Desk, time: str) -> None:
    desk.take(message(text="STOP"))
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("SET session_replication_role = replica")
        columns = ", ".join("2" if column == "position" else column for column in COLUMNS)
        columns = columns.replace("received_at", "%s::timestamptz").replace("event_id", "NULL").replace(" hash", " '2'")
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute(
                f"INSERT INTO opt_out_ledger ({SELECTED}) SELECT {columns} FROM opt_out_ledger",  # noqa: S608
                [time],
            )
        superuser.rollback()
        # One that is there already is reported, and opens nothing
        superuser.execute("ALTER TABLE opt_out_ledger DROP CONSTRAINT opt_out_ledger_times_check")
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            f"INSERT INTO opt_out_ledger ({SELECTED}) SELECT {columns} FROM opt_out_ledger",  # noqa: S608
            [time],
        )
        assert (verify(superuser).rows, verify(superuser).broken) == (1, 2)
        assert [row.position for row in states.counting_entries_of(superuser, [PHONE])[PHONE]] == [1]


@pytest.mark.parametrize(
    ("changed", "broken"),
    [({"position": -5}, -5), ({"position": -(2**63)}, -(2**63)), ({"position": 0}, 0), ({"position": 1000}, 1000)],
)
def test_a_forged_row_that_was_there_before_is_reported_and_opens_nothing(
    desk: Desk, changed: dict[str, Any], broken: int
) -> None:
    # Given a row that a version without the guard took
    desk.take(message(text="STOP"))
    [newest] = rows(desk)
    unguarded(desk, opt_in_after(newest, **changed))

    # When the phone is folded again, it stays out
    with desk.by_operator.transaction() as connection:
        assert states.rebuild(connection, "organisation", desk.now, write=True).phones == 1
        verdict = verify(connection)
    assert desk.state() == "out"

    # Then the walk names the row, whatever position it took
    assert verdict.broken == broken
    assert verdict.reason is not None


def test_a_row_that_does_not_follow_opens_nothing_and_a_stop_still_counts(desk: Desk) -> None:
    desk.take(message(text="STOP"))
    [newest] = rows(desk)
    unguarded(desk, opt_in_after(newest, previous_hash=GENESIS))
    desk.take(message(text="STOP", contact_phone="+13035550177"))
    with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE opt_out_ledger SET rule = 'other' WHERE phone = '+13035550177'")
    with desk.by_operator.transaction() as connection:
        states.rebuild(connection, "organisation", desk.now, write=True)
    assert (desk.state(), desk.state("+13035550177")) == ("out", "out")


@pytest.mark.parametrize(
    "statement",
    [
        # Out is made in, with and without another row to point at
        "UPDATE opt_outs SET state = 'in' WHERE phone = '+13035550142'",
        "UPDATE opt_outs SET state = 'in', position = 2, since = (SELECT since FROM opt_outs WHERE position = 2)"
        " WHERE phone = '+13035550142'",
        # By the phone's own old opt-in, which a later stop has undone
        "UPDATE opt_outs SET state = 'in', position = l.position, since = l.effective_at, provider = l.provider,"
        " account = l.account FROM opt_out_ledger AS l WHERE l.phone = opt_outs.phone AND l.action = 'in'",
        # A number that nobody has heard of
        "INSERT INTO opt_outs VALUES ('+13035550100', 'in', now(), '', 1, 1)",
        # Never heard of again, or under another number
        "DELETE FROM opt_outs WHERE phone = '+13035550142'",
        "UPDATE opt_outs SET phone = '+13035550100' WHERE phone = '+13035550142'",
        "TRUNCATE opt_outs",
        # Other evidence than the row's
        "UPDATE opt_outs SET since = since + interval '1 day'",
        "UPDATE opt_outs SET last_position = 1000000",
        "UPDATE opt_outs SET state = 'hold'",
    ],
)
def test_no_state_without_its_row(desk: Desk, statement: str) -> None:
    desk.take(
        opt_out(False, occurred_at=at(-10)), message(text="STOP"), message(text="STOP", contact_phone="+13035550177")
    )
    before = desk.all("SELECT * FROM opt_outs ORDER BY phone")
    for dsn in (desk.postgres.dsn("opt-out"), desk.postgres.owner_dsn):
        with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    assert desk.all("SELECT * FROM opt_outs ORDER BY phone") == before


_texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
_times = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.fixed_dictionaries(
        dict.fromkeys(("reason", "account", "account_phone", "rule", "message_id", "topic"), st.none() | _texts)
    ),
    required=st.fixed_dictionaries(dict.fromkeys(("phone", "actor"), _texts)),
    times=st.fixed_dictionaries(dict.fromkeys(("effective_at", "received_at", "decided_at"), _times)),
    others=st.fixed_dictionaries(
        {
            "occurred_at": st.none() | _times,
            "deadline": st.none() | _times,
            "event_id": st.none() | st.uuids(),
            "echo": st.booleans(),
            "partition": st.none() | st.integers(-(2**31), 2**31 - 1),
            "record_offset": st.none() | st.integers(-(2**63), 2**63 - 1),
        }
    ),
    version=st.sampled_from(
        [{"chain_version": 1}, {"chain_version": 2, "phone_digest": "0f" * 32, "phone_pepper": "e1" * 8}]
    ),
)
def test_the_database_hashes_a_row_as_we_do(
    desk: Desk, texts: Any, required: Any, times: Any, others: Any, version: Any
) -> None:
    blank = dict.fromkeys(COLUMNS) | {"position": 1, "action": "out", "previous_hash": GENESIS}
    row = sealed(Entry(**(blank | texts | required | times | others | version)))
    with psycopg.connect(desk.postgres.owner_dsn) as connection:
        connection.execute(INSERT, values(row))
        connection.rollback()


_moments = st.integers(0, 5).map(lambda minutes: at(0) + timedelta(minutes=minutes))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["out", "in", "hold", "release", "correction"]),
            st.sampled_from(["textus", "textlink", None]),
            _moments,
            st.none() | _moments,
            st.integers(1, 6),
            st.booleans(),
        ),
        min_size=1,
        max_size=7,
    ),
    st.sampled_from(["organisation", "account"]),
)
def test_the_database_takes_every_state_that_the_fold_comes_to(desk: Desk, drawn: Any, scope: Any) -> None:
    blank = dict.fromkeys(COLUMNS) | {"phone": PHONE, "actor": "contact", "echo": False, "chain_version": 1}
    with psycopg.connect(desk.postgres.owner_dsn) as connection:
        previous, made = GENESIS, []
        facts = provider_facts(connection)
        assert facts["textus"].one_clock
        for position, (action, provider, received, occurred, corrects, numbered) in enumerate(drawn, 1):
            row = sealed(
                Entry(
                    **blank  # type: ignore[arg-type]
                    | {
                        "position": position,
                        "action": action,
                        "provider": provider,
                        "account": provider,
                        "received_at": received,
                        "occurred_at": occurred,
                        "effective_at": received if occurred is None else min(occurred, received),
                        "decided_at": received,
                        "corrects": min(corrects, position - 1) or None if action == "correction" else None,
                        "event_id": uuid5(NAMESPACE_URL, str(position)) if numbered else None,
                        "facts": facts.get(provider or "", CAREFUL),
                        "previous_hash": previous,
                    }
                )
            )
            connection.execute(INSERT, values(row))
            previous = row.hash
            made.append(row)
            # After each row, as a processor would
            found = states.refold(connection, [PHONE], scope, desk.now)
            assert found[PHONE] == fold(made, scope)
        connection.rollback()
