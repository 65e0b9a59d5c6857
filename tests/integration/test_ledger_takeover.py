"""What somebody does to the ledger who has taken over an operator, the console, or a login with their rights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from processors.opt_out.desk import Desk as ByHand
from processors.opt_out.entry import Entry
from runtime.postgres import connect
from tests.conftest import PASSWORD
from tests.integration.test_ledger_guard import INSERT, rows, sealed, unguarded, values
from tests.twins.events import at, message, opt_out
from tests.twins.opted_out import Desk

REFUSED = psycopg.errors.InsufficientPrivilege
PHONE = "+13035550142"
FAR = datetime(9000, 1, 1, tzinfo=UTC)
#: Who writes rows of the ledger and is not opt-out; "alice" is a person's own login with an operator's rights.
OTHERS = ("operator", "console", "alice")


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres, "acme")
    yield made
    made.close()


@pytest.fixture
def alice(postgres_server: str) -> Iterator[str]:
    """A login of a person's own, which has an operator's rights because it was given the role."""
    name = f"alice_{uuid4().hex[:8]}"
    with psycopg.connect(postgres_server, autocommit=True) as superuser:
        identifier = sql.Identifier(name)
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(identifier, sql.Literal(PASSWORD)))
        superuser.execute(sql.SQL("GRANT hookline_operator TO {}").format(identifier))
        yield name
        superuser.execute(sql.SQL("DROP ROLE {}").format(identifier))


@pytest.fixture(params=OTHERS)
def dsn(request: pytest.FixtureRequest, desk: Desk) -> str:
    if request.param == "alice":
        return dsn_of(desk, request.getfixturevalue("alice"))
    return str(desk.postgres.dsn(request.param))


def dsn_of(desk: Desk, login: str) -> str:
    return make_conninfo(desk.postgres.superuser_dsn, user=login, password=PASSWORD)


def decision(desk: Desk, action: str, **changed: Any) -> Entry:
    """A row as the desk would write it about PHONE, next in the chain, but for `changed`."""
    newest = rows(desk)[-1]
    blank = dict.fromkeys(
        ("tier", "rule", "rule_set", "provider", "account", "account_phone", "event_id", "message_id", "occurred_at",
         "deadline", "event_hash", "topic", "partition", "record_offset", "corrects", "evidence_digest")
    )  # fmt: skip
    own = {"position": newest.position + 1, "previous_hash": newest.hash, "phone": PHONE, "action": action}
    times = {"received_at": desk.now, "effective_at": desk.now, "decided_at": desk.now}
    return sealed(newest, **(blank | own | times | {"actor": "operator:ann", "echo": False} | changed))


def write(dsn: str, entry: Entry) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(INSERT, values(entry))


def test_a_persons_own_stop_is_not_taken_back(desk: Desk, dsn: str) -> None:
    # Given a clear stop, and one that the rules were not sure of, about which a person has decided
    desk.take(message(text="STOP"), message(text="stop please", contact_phone="+13035550177"))
    desk.owner.execute("UPDATE opt_out_reviews SET decision = 'confirmed', decided_at = now()")
    for position, phone in ((1, PHONE), (2, "+13035550177"), (1, "+13035550177")):
        with pytest.raises(REFUSED, match=r"takes back no|about the same number"):
            write(dsn, decision(desk, "correction", corrects=position, phone=phone))
    with pytest.raises(REFUSED, match="only a correction"):
        write(dsn, decision(desk, "release", corrects=1))
    assert len(rows(desk)) == 2


def test_a_correction_is_not_taken_back_either(desk: Desk, dsn: str) -> None:
    # Given an opt-in after a stop, that somebody has voided
    desk.take(message(text="STOP"), opt_out(False, occurred_at=at(10), time_valid=False))
    opted_in = next(row for row in rows(desk) if row.action == "in")
    unguarded(desk, decision(desk, "correction", corrects=opted_in.position))
    with pytest.raises(REFUSED, match="no row of an operator"):
        write(dsn, decision(desk, "correction", corrects=rows(desk)[-1].position))


@pytest.mark.parametrize(
    "changed",
    [
        # Each of them ends every hold to come
        {"received_at": FAR, "effective_at": FAR},
        {"effective_at": FAR},
        {"provider": "textus", "occurred_at": FAR},
        # The rows after it are decided no earlier
        {"decided_at": FAR},
        # As if the decision were the event that has not been read yet: its stop would be known
        {"event_id": UUID(int=7)},
    ],
)
def test_no_hold_is_ended_in_advance(desk: Desk, dsn: str, changed: dict[str, Any]) -> None:
    desk.take(message(text="wrong number"))
    with pytest.raises(REFUSED, match=r"not come|from later|reports no event"):
        write(dsn, decision(desk, "release", **changed))


def test_a_decision_about_a_number_whose_node_was_ahead_is_later_than_its_rows(desk: Desk) -> None:
    # Given a hold whose receipt lies ahead, by a node's clock
    desk.take(message(text="wrong number", received_at=datetime.now(UTC) + timedelta(days=400)))
    by_hand = ByHand(desk.ledger, "ann")
    with connect(desk.postgres.dsn("operator"), process="tests") as connection, connection.transaction():
        by_hand.release(connection, PHONE, "asked")
    assert desk.state() == "in"


def test_an_opt_in_from_before_the_stop_is_not_confirmed(desk: Desk, alice: str) -> None:
    # Given a START that was said before the STOP and came after it
    desk.take(message(text="STOP", occurred_at=at(0)))
    desk.later(minutes=2)
    desk.take(message(text="START", occurred_at=at(-5), received_at=desk.now))
    said = next(row for row in rows(desk) if row.action == "in")
    assert desk.state() == "out"
    confirmed = {"provider": said.provider, "account": said.account, "received_at": said.received_at}
    for login in ("hookline_operator", "hookline_console", alice):
        with pytest.raises(REFUSED, match=r"opt-in that was sent|opts nobody in"):
            write(
                make_conninfo(desk.postgres.superuser_dsn, user=login, password=PASSWORD),
                decision(desk, "in", **confirmed),
            )


def test_a_login_that_was_given_a_role_forges_no_more_than_the_role(desk: Desk, alice: str) -> None:
    desk.take(message(text="STOP"))
    login = dsn_of(desk, alice)
    for forged in (
        decision(desk, "in"),
        decision(desk, "release", actor="contact"),
        decision(desk, "out", echo=True),
        decision(desk, "migration", chain_version=2, phone="", actor="migration", event_hash="0" * 64),
    ):
        with pytest.raises(REFUSED):
            write(login, forged)
    with psycopg.connect(login, autocommit=True) as connection:
        with pytest.raises(REFUSED):
            connection.execute("UPDATE opt_out_cursors SET position = 1000000")
        # And does what the role does
        connection.execute(INSERT, values(decision(desk, "hold")))


def test_a_call_of_a_number_that_is_out_is_made(desk: Desk, dsn: str) -> None:
    # Given a stop whose call is to be made, and a hold that an operator has added
    desk.take(message(text="STOP"))
    write(dsn, decision(desk, "hold"))
    newest = rows(desk)[-1]
    with psycopg.connect(dsn, autocommit=True) as connection:
        # The state cannot be written back to it, so that the call would be needed no more
        with pytest.raises(REFUSED, match="nothing has ended"):
            connection.execute(
                "UPDATE opt_outs SET state = 'hold', position = %s, last_position = %s, since = %s, provider = NULL,"
                " account = NULL",
                [newest.position, newest.position, newest.effective_at],
            )
        # And where the state is wrong already, the ledger counts
        with psycopg.connect(desk.postgres.superuser_dsn) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute("UPDATE opt_outs SET state = 'hold'")
        for change in (
            "status = 'cancelled'",
            "status = 'parked'",
            "status = 'done'",
            # Nor is it put off for ever
            "next_attempt_at = '9000-01-01'",
            "leased_until = '9000-01-01'",
        ):
            with pytest.raises(REFUSED, match=r"operator|stays to be made"):
                connection.execute(f"UPDATE enforcements SET {change}")  # noqa: S608
    assert desk.statuses() == [("acme", "pending")]


def test_a_doubtful_opt_in_opens_nothing_by_hand(desk: Desk, dsn: str) -> None:
    # Given an opt-in without a time of its own, by a delivery without a number
    unnumbered = UUID(int=0x7 << 76 | 0x8 << 60 | 1)
    desk.take(message(text="STOP"), message(text="START", occurred_at=at(5), received_at=at(5), event_id=unnumbered))
    assert desk.state() == "out"
    with psycopg.connect(dsn) as connection, pytest.raises(REFUSED, match="nothing has ended"):
        connection.execute(
            "UPDATE opt_outs SET state = 'in', position = l.position, since = l.effective_at, provider = l.provider,"
            " account = l.account FROM opt_out_ledger AS l WHERE l.phone = opt_outs.phone AND l.action = 'in'"
        )


@pytest.mark.parametrize(
    "statement",
    [
        # Whether a stop was one: the answer would take it back
        "INSERT INTO opt_out_reviews (kind, phone, position, question, opened_at)"
        " VALUES ('out', '+13035550142', 1, '', now())",
        "UPDATE opt_out_reviews SET position = 1 WHERE position = 2",
        # So that a hold never becomes an opt-out
        "UPDATE opt_out_reviews SET due_at = '9000-01-01'",
        "UPDATE opt_out_reviews SET decision = NULL WHERE decision = 'confirmed'",
    ],
)
def test_no_question_is_made_up(desk: Desk, dsn: str, statement: str) -> None:
    desk.take(message(text="STOP"), message(text="stop please", contact_phone="+13035550177"))
    desk.owner.execute("UPDATE opt_out_reviews SET decision = 'confirmed', decided_at = now()")
    with psycopg.connect(dsn) as connection, pytest.raises(REFUSED, match="question"):
        connection.execute(statement)
