"""Notes at CRMs: overwritten where the target can, by hand where it cannot, tried again where it did not answer."""

from __future__ import annotations

from typing import Any

from ops.erasure.crm_notes import ERASED_TEXT, RemoteNote, erase_notes
from processors.crm_sync.port import Capabilities, Note
from processors.outbox.errors import NotFound, RetryLater
from processors.outbox.rate_limiter import Unlimited
from tests.twins.events import T0

NOTES = [RemoteNote("rest", "c1", f"n{number}", f"e{number}") for number in (1, 2, 3)]


class Crm:
    """A place and its target."""

    def __init__(self, *troubles: Exception | None, update_note: bool = True) -> None:
        self.capabilities = Capabilities(update_note=update_note)
        self.said: list[tuple[str, str, Note]] = []
        self.closed = 0
        self._troubles = list(troubles)

    def target(self, _limiter: Any) -> Crm:
        return self

    def update_note(self, contact: str, note: str, said: Note) -> None:
        trouble = self._troubles.pop(0) if self._troubles else None
        if trouble is not None:
            raise trouble
        self.said.append((contact, note, said))

    def close(self) -> None:
        self.closed += 1


def run(crm: Crm, contacts: dict[str, list[str]] | None = None, places: Any = None) -> Any:
    return erase_notes(NOTES, contacts or {}, {"rest": crm} if places is None else places, lambda _: Unlimited(), T0)


def test_each_note_says_nothing_any_more() -> None:
    crm = Crm()
    done = run(crm, {"rest": ["c1"]})
    assert (done.erased, done.unfinished) == (3, ())
    assert {said.text for _, _, said in crm.said} == {ERASED_TEXT}
    assert [(contact, note, said.external_id) for contact, note, said in crm.said] == [
        ("c1", "n1", "e1"),
        ("c1", "n2", "e2"),
        ("c1", "n3", "e3"),
    ]
    # The contact is the CRM's own record
    assert [line for line in done.by_hand if "contact c1" in line]
    assert crm.closed == 1


def test_what_is_gone_there_is_done_and_what_fails_is_left_for_the_next_run() -> None:
    done = run(Crm(NotFound("n1"), None, RetryLater("down")))
    assert (done.unfinished, done.why) == ((NOTES[2],), ("rest: down",))


def test_a_target_that_cannot_change_a_note_is_told_by_its_ids() -> None:
    done = run(Crm(update_note=False))
    assert (done.erased, done.unfinished) == (0, ())
    assert done.by_hand == tuple(f"rest: the note n{number} at the contact c1" for number in (1, 2, 3))


def test_a_target_that_the_command_does_not_know_is_left_for_the_next_run() -> None:
    done = run(Crm(), places={})
    assert done.unfinished == tuple(NOTES)
    assert "HOOKLINE_CRM__TARGETS" in done.why[0]
