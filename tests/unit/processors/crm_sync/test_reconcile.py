"""From how things ought to be at a CRM, and what is known to be there, to the calls that make it so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.crm_sync.port import Capabilities, Note, Person
from processors.crm_sync.reconcile import Desired, Known, TargetCall, learn, reconcile, remark
from processors.crm_sync.rendering import digest
from processors.crm_sync.work import DesiredContact, DesiredNote, Link

PHONE, KEY = "+13035550142", "m1"
NOTE = Note("hello", "e1", datetime(2026, 11, 1, tzinfo=UTC))
WRITTEN = {"digest": digest(NOTE)}
ALL = Capabilities()


def desired(
    *, name: str | None = None, tags: str = "", opted_out: bool | None = None, notes: bool = True,
    able: Capabilities = ALL, doubtful: bool = False, begun: bool = False, repeats: bool = True,
) -> Desired:  # fmt: skip
    contact = DesiredContact(name, frozenset(tags.split()), opted_out)
    goal = DesiredNote(NOTE, Link("note", KEY, None, {}), begun)
    return Desired(PHONE, contact, (goal,) if notes else (), able, doubtful, repeats)


def known(contact: str | None = "c1", note: str | None = None, note_written: Any = None, **written: Any) -> Known:
    link = Link("note", KEY, note, note_written or {})
    return Known(Link("contact", PHONE, contact, written), {KEY: link})


def calls(goal: Desired, there: Known, **answers: Any) -> tuple[list[tuple[Any, ...]], Known]:
    """Every call until nothing is left, each answered from `answers`."""
    made: list[tuple[Any, ...]] = []
    while (call := reconcile(goal, there)) is not None:
        made.append((call.operation, *call.arguments, *call.keywords.values()))
        assert len(made) < 20, made
        there = learn(goal, there, call, answers.get(call.operation))
    return made, there


def test_a_contact_that_is_not_known_is_looked_for_and_made() -> None:
    made, there = calls(desired(name="Ann"), known(None), find_by_phone=[], upsert_contact="c1", log_message="n1")
    assert made == [
        ("find_by_phone", PHONE),
        ("upsert_contact", PHONE, "Ann", None),
        ("log_message", "c1", NOTE),
    ]
    assert there.contact == Link("contact", PHONE, "c1", {"name": "Ann", "made": True})
    assert there.notes[KEY] == Link("note", KEY, "n1", WRITTEN)


def test_one_that_is_there_is_taken_as_it_is() -> None:
    made, there = calls(desired(), known(None), find_by_phone=[Person("c7", "Annie")], log_message="n1")
    assert made == [("find_by_phone", PHONE), ("log_message", "c7", NOTE)]
    assert there.contact.written == {"name": "Annie"}


def test_what_is_there_already_costs_no_call() -> None:
    goal = desired(name="Ann", tags="a b", opted_out=True)
    there = known(note="n1", note_written=WRITTEN, name="Ann", tags=["b", "a"], opted_out=True)
    assert calls(goal, there)[0] == []


def test_tags_of_ours_come_and_go() -> None:
    made, there = calls(desired(tags="b c", notes=False), known(tags=["a", "b"]))
    assert made == [("set_tags", "c1", ["c"], ["a"])]
    assert there.contact.written["tags"] == ["b", "c"]


@pytest.mark.parametrize("people", [[], ["c1"], ["c1", "c2", "c3"]])
def test_everybody_with_the_phone_hears_of_an_opt_out(people: list[str]) -> None:
    goal = desired(opted_out=True, notes=False)
    made, there = calls(goal, known(), find_by_phone=[Person(person) for person in people])
    assert made == [("find_by_phone", PHONE), *(("set_opt_out", person, True) for person in people)]
    assert there.contact.written["opted_out"] is True


@pytest.mark.parametrize(("doubtful", "begun"), [(True, False), (False, True), (True, True)])
def test_a_note_that_may_be_there_is_looked_for_before_it_is_written(doubtful: bool, begun: bool) -> None:
    goal = desired(doubtful=doubtful, begun=begun)
    made, there = calls(goal, known(), find_note=None, log_message="n1")
    assert made == [("find_note", "c1", "e1"), ("log_message", "c1", NOTE)]
    # And one that is found is changed, because what it says is not known
    made, there = calls(goal, known(), find_note="n1")
    assert made == [("find_note", "c1", "e1"), ("update_note", "c1", "n1", NOTE)]
    assert there.notes[KEY] == Link("note", KEY, "n1", WRITTEN)


def test_a_note_that_is_found_and_cannot_be_changed_stands() -> None:
    goal = desired(doubtful=True, able=Capabilities(update_note=False))
    made, there = calls(goal, known(), find_note="n1")
    assert made == [("find_note", "c1", "e1")]
    assert remark(goal, there) is None


@pytest.mark.parametrize(
    ("able", "repeats", "there", "operations", "said"),
    [
        (Capabilities(find_note=False), True, known(), ["log_message"], None),
        (Capabilities(find_note=False), False, known(), [], "its outcome is not known, and it is not repeated"),
        (Capabilities(update_note=False), True, known(note="n1"), [], "its note cannot be changed there"),
        (Capabilities(notes=False), True, known(), [], None),
    ],
)
def test_what_a_target_cannot_do_is_left_out(
    able: Capabilities, repeats: bool, there: Known, operations: list[str], said: str | None
) -> None:
    goal = desired(doubtful=True, able=able, repeats=repeats)
    made, there = calls(goal, there, log_message="n1")
    assert [operation for operation, *_ in made] == operations
    assert remark(goal, there) == said


_ABLE = st.builds(
    Capabilities, notes=st.booleans(), find_note=st.booleans(), update_note=st.booleans(), tags=st.booleans(),
    opt_out=st.booleans(),
)  # fmt: skip
_DESIRED = st.builds(
    desired, name=st.none() | st.just("Ann"), tags=st.sampled_from(["", "a", "a b"]),
    opted_out=st.none() | st.booleans(), notes=st.booleans(), able=_ABLE, doubtful=st.booleans(), begun=st.booleans(),
    repeats=st.booleans(),
)  # fmt: skip
_KNOWN = st.builds(
    known, st.none() | st.just("c1"), st.none() | st.just("n1"), st.none() | st.just(WRITTEN),
    tags=st.sampled_from([[], ["a"]]), name=st.none() | st.just("Annie"),
)  # fmt: skip


@given(_DESIRED, _KNOWN, st.lists(st.builds(Person, st.sampled_from(["c1", "c2"])), max_size=2), st.booleans())
def test_it_comes_to_an_end_and_never_asks_for_what_the_target_cannot_do(
    goal: Desired, there: Known, people: list[Person], is_there: bool
) -> None:
    answers = {"find_by_phone": people, "find_note": "n1" if is_there else None}
    made, after = calls(goal, there, upsert_contact="c9", log_message="n9", **answers)
    operations = [operation for operation, *_ in made]
    able = goal.able
    assert able.tags or "set_tags" not in operations
    assert able.opt_out or "set_opt_out" not in operations
    assert able.notes or not {"log_message", "find_note", "update_note"} & set(operations)
    assert able.find_note or "find_note" not in operations
    assert able.update_note or "update_note" not in operations
    # Nothing is written twice, and what was done once costs no call any more
    assert operations.count("log_message") <= 1
    assert calls(goal, after)[0] == []
    # After an unknown outcome a target that can be asked is asked before a note is written
    if goal.doubtful and able.find_note and "log_message" in operations:
        assert operations.index("find_note") < operations.index("log_message")


def test_a_call_that_asks_changes_nothing() -> None:
    assert not TargetCall("find_note", ()).changes
    assert TargetCall("log_message", ()).changes
