"""What somebody does who has taken over the role of `hookline erase`: no number is opened by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import ops.erasure.obligations
from ops.gate.answers import Answers
from processors.engine.runner import topics_of
from processors.opt_out import OptOutProcessor
from processors.opt_out.ledger import Ledger
from processors.opt_out.phone_digests import PhonePeppers
from processors.opt_out.settings import OptOutSettings
from processors.opt_out.verify import verify
from runtime.postgres import connect
from tests.twins.erasure import KEY, caught_up, erased
from tests.twins.events import at, message
from tests.twins.opted_out import Desk

VICTIM, OTHER = "+13035550142", "+17205550142"
NEWER = "the-pepper-after-a-rotation"
REFUSED = psycopg.errors.InsufficientPrivilege
DIGESTS = {phone: PhonePeppers([KEY]).digest(phone).erased_phone for phone in (VICTIM, OTHER)}
LINK = "INSERT INTO erased_returns (phone, erased_phone) VALUES (%s, %s)"
MOVE = "UPDATE opt_out_ledger SET phone = %s, phone_as_received = NULL WHERE phone = %s"
STATE_MOVED = """
INSERT INTO opt_outs (phone, state, since, reason, position, last_position, provider, account)
SELECT %s, state, since, reason, position, last_position, provider, account FROM opt_outs WHERE phone = %s
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops.erasure.obligations, "BEHIND", 600.0)


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    """The victim is out and told everywhere; the other has opted in after a stop, and was erased."""
    made = Desk(postgres, "acme", phone_peppers=(KEY,))
    made.take(message(text="STOP", contact_phone=VICTIM), message(text="STOP", contact_phone=OTHER))
    made.enforce()
    made.take(message(text="START", contact_phone=OTHER, occurred_at=at(600)))
    caught_up(made.owner)
    erased(postgres, OTHER)
    yield made
    made.close()


def answer(desk: Desk, *peppers: str) -> str:
    """What the gate says of the victim."""
    caught_up(desk.owner)
    with connect(desk.postgres.dsn("gate"), process="gate") as connection:
        gate = Answers(
            lambda: connection, threads=1, timeout=10, fresh=60, topics=topics_of(OptOutProcessor), region="US",
            peppers=PhonePeppers(peppers or (KEY,)),
        )  # fmt: skip
        return gate.about([VICTIM])[0].state


def attack(desk: Desk, *statements: tuple[str, tuple[str, ...]]) -> None:
    """Run these as the role, in one transaction."""
    with connect(desk.postgres.dsn("erase"), process="tests") as connection, connection.transaction():
        for statement, given in statements:
            connection.execute(statement, given)


@pytest.mark.parametrize(
    "statements",
    [
        # The victim is taken for the other, who has opted in
        [(LINK, (VICTIM, DIGESTS[OTHER]))],
        # Its rows become the other's
        [(LINK, (VICTIM, DIGESTS[OTHER])), (MOVE, (DIGESTS[OTHER], VICTIM))],
        # Its rows are moved, and nothing says whose they are
        [(MOVE, (DIGESTS[VICTIM], VICTIM))],
        # It is erased, and the gate does not find it
        [
            (LINK, (VICTIM, DIGESTS[VICTIM])),
            (STATE_MOVED, (DIGESTS[VICTIM], VICTIM)),
            (MOVE, (DIGESTS[VICTIM], VICTIM)),
            ("DELETE FROM opt_outs WHERE phone = %s", (VICTIM,)),
        ],
        # So too with a text that never was the state's own
        [
            (LINK, (VICTIM, DIGESTS[VICTIM])),
            (STATE_MOVED, (DIGESTS[VICTIM], VICTIM)),
            (MOVE, (DIGESTS[VICTIM], VICTIM)),
            ("UPDATE opt_outs SET phone = 'x' WHERE phone = %s", (VICTIM,)),
        ],
        # The link goes first
        [
            (LINK, (VICTIM, DIGESTS[VICTIM])),
            (MOVE, (DIGESTS[VICTIM], VICTIM)),
            ("DELETE FROM erased_returns WHERE phone = %s", (VICTIM,)),
        ],
        # Its calls and questions are somebody else's, or nobody's
        [("UPDATE enforcements SET phone = %s WHERE phone = %s", (DIGESTS[OTHER], VICTIM))],
        [("UPDATE enforcements SET phone = %s WHERE phone = %s", ("+13035550100", VICTIM))],
        [
            (LINK, (VICTIM, DIGESTS[VICTIM])),
            ("UPDATE enforcements SET phone = %s WHERE phone = %s", (DIGESTS[VICTIM], VICTIM)),
        ],
    ],
)
def test_no_number_is_opened(desk: Desk, statements: list[tuple[str, tuple[str, ...]]]) -> None:
    # Given a call to the victim's number that is due
    desk.owner.execute("UPDATE enforcements SET status = 'pending' WHERE phone = %s", (VICTIM,))
    with pytest.raises(REFUSED):
        attack(desk, *statements)
    assert answer(desk) == "out"


def test_a_number_that_came_back_stays_linked(desk: Desk) -> None:
    # Given somebody who was erased while out, came back, and was on hold for a moment
    erased(desk.postgres, VICTIM)
    desk.take(message(text="wrong number", contact_phone=VICTIM, occurred_at=at(700)))
    assert desk.state(VICTIM) == "out"
    for statement in (
        "DELETE FROM erased_returns WHERE phone = %s",
        "UPDATE erased_returns SET phone = 'x' WHERE phone = %s",
    ):
        with pytest.raises(REFUSED):
            attack(desk, (statement, (VICTIM,)))


def test_a_link_to_another_number_is_found_with_the_key(desk: Desk) -> None:
    # Given a link that the owner of the database has made
    erased(desk.postgres, VICTIM)
    desk.take(message(text="hi, stop", contact_phone=VICTIM, occurred_at=at(700)))
    verified = verdict_of(desk)
    assert (verified.broken, verified.links, verified.links_unchecked) == (None, 1, 0)
    desk.owner.execute(LINK, (VICTIM, DIGESTS[OTHER]))
    first = desk.all("SELECT min(position) FROM opt_out_ledger WHERE phone = ANY (%s)", [VICTIM, DIGESTS[OTHER]])[0][0]
    verified = verdict_of(desk)
    assert (verified.broken, verified.reason) == (
        first,
        "erased_returns links its phone to the digest of another number",
    )
    # Without the key nobody can say
    with desk.by_operator.transaction() as connection:
        assert (verify(connection).broken, verify(connection).links_unchecked) == (None, 2)


def verdict_of(desk: Desk) -> Any:
    with desk.by_operator.transaction() as connection:
        return verify(connection, peppers=PhonePeppers((KEY,)))


def test_rows_by_an_older_key_are_erased_under_that_keys_digest(desk: Desk) -> None:
    # Given rows that were all digested by a key that has been rotated since
    desk.settings = OptOutSettings(phone_peppers=(NEWER, KEY))
    desk.ledger = desk.processor._ledger = Ledger(desk.settings, desk.clock)
    caught_up(desk.owner)
    erased(desk.postgres, VICTIM, peppers=(NEWER, KEY))
    assert desk.all("SELECT DISTINCT phone FROM opt_out_ledger WHERE phone LIKE %s", f"{DIGESTS[VICTIM]}%") == [
        (DIGESTS[VICTIM],)
    ]
    assert answer(desk, NEWER, KEY) == "out"
