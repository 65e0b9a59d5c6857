"""Halving a batch until the one at fault stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.engine.isolation import described, is_rejection, land
from processors.engine.processor import Delivery, Rejected, SetAside
from processors.engine.retry import is_passing
from runtime.kafka.consumer import Record
from tests.twins.events import message


class Transaction:
    """A connection with savepoints over a list."""

    closed = False

    def __init__(self) -> None:
        self.effects: list[int] = []
        self.savepoints = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = list(self.effects)
        self.savepoints += 1
        try:
            yield
        except BaseException:
            self.effects[:] = before
            raise


def deliveries(count: int) -> list[Delivery]:
    event = message()
    return [Delivery(Record("t", 0, offset, 0, None, None, []), event) for offset in range(count)]


def landed(count: int, bad: set[int], error: Exception | None = None) -> tuple[Transaction, list[int]]:
    connection: Any = Transaction()

    def handle(batch: Sequence[Delivery], _connection: Any) -> None:
        for delivery in batch:
            if delivery.record.offset in bad:
                raise error or Rejected("no")
            connection.effects.append(delivery.record.offset)

    def blame(delivery: Delivery, _error: Exception) -> SetAside:
        return SetAside(delivery.record, "rejected", "Rejected", "no")

    aside = land(deliveries(count), handle, connection, blame)
    return connection, [letter.record.offset for letter in aside]


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, max(0, n - 1))))))
def test_all_but_the_bad_land_in_order(given_: tuple[int, set[int]]) -> None:
    count, bad = given_[0], {row_number for row_number in given_[1] if row_number < given_[0]}
    connection, aside = landed(count, bad)
    assert aside == sorted(bad)
    assert connection.effects == [number for number in range(count) if number not in bad]


def test_one_bad_record_among_many_costs_few_tries() -> None:
    connection, aside = landed(2000, {1234})
    assert aside == [1234]
    assert connection.savepoints <= 2 * 11 + 1


def test_the_world_going_down_is_nobodys_fault() -> None:
    with pytest.raises(psycopg.OperationalError):
        landed(8, {3}, psycopg.OperationalError("gone"))


@pytest.mark.parametrize(
    ("error", "rejects"),
    [
        (Rejected("no"), True),
        (psycopg.errors.lookup("22P02")(), True),
        (psycopg.errors.lookup("23514")(), True),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), True),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), True),
        (OverflowError("date value out of range"), True),
        (psycopg.errors.lookup("42703")(), False),
        (ValueError("ours"), False),
    ],
)
def test_what_is_the_records_fault(error: Exception, rejects: bool) -> None:
    assert is_rejection(error) is rejects


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("Ann Smith"), "…"),
        (ValueError('invalid literal: "call +1 303 555 0142"'), "invalid literal: …"),
        (ValueError("call +1 303 555 0142 now"), "call [redacted] now"),
        (ValueError("one\ntwo"), "one two"),
        (ValueError("x" * 1000), "x" * 300),
    ],
)
def test_a_description_quotes_nothing(error: Exception, text: str) -> None:
    assert described(error) == text


def test_a_value_that_fits_no_index_is_the_records_fault() -> None:
    """psycopg calls it operational, but waiting would not help: a "phone number" of 3 KB held up its partition."""
    assert is_rejection(psycopg.errors.ProgramLimitExceeded("index row size 3000 exceeds btree maximum 2704"))
    assert not is_passing(psycopg.errors.ProgramLimitExceeded("index row size 3000 exceeds btree maximum 2704"))
