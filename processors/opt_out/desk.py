"""What a person does by hand: opts a number out, holds it, releases it, answers a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from processors.opt_out import reviews, states
from processors.opt_out.entry import COLUMNS, OPERATOR, Entry, EntryDraft, Evidence
from processors.opt_out.ledger import Ledger, lock
from processors.opt_out.ledger_phones import NO_PEPPERS, ledger_phones
from processors.opt_out.phone_digests import PhonePeppers
from processors.opt_out.reviews import Review
from runtime.phone_lookup import NumberQuery
from runtime.postgres import Connection

Answer = Literal["out", "release", "in"]


class NothingToDecide(Exception):
    """Look again: the question is answered, or the phone is not on hold."""


class Desk:
    """One operator's. Every action is a row of the ledger with the operator's name."""

    def __init__(self, ledger: Ledger, operator: str) -> None:
        self._ledger = ledger
        self._actor = f"{OPERATOR}{operator}"

    def add(self, connection: Connection, phone: str, reason: str, text: str | None = None) -> Entry:
        """Opt `phone` out; `text` is what the person said, where that is known."""
        return self._row(connection, phone, "out", reason, text)

    def hold(self, connection: Connection, phone: str, reason: str) -> Entry:
        """Nobody may text `phone` until somebody decides."""
        draft = EntryDraft(
            phone=phone, action="hold", actor=self._actor, reason=reason, review="hold", question=f"held: {reason}"
        )
        [entry] = self._ledger.append(connection, [draft])
        return entry

    def release(self, connection: Connection, phone: str, reason: str) -> Entry:
        """End the hold of `phone`. Raises NothingToDecide where it is not on hold."""
        lock(connection)
        self._expect_hold(connection, phone)
        return self._release(connection, phone, reason)

    def answer(self, connection: Connection, number: int, answer: Answer, reason: str) -> tuple[Review, Entry | None]:
        """Answer a question; the row that follows, if any. Raises NothingToDecide.

        "out": it was a stop. "release": it was none; an opt-out that it had made is voided by a correction. Of an
        opt-in, "in": the person opted in then; "out": nobody did, and the opt-in is voided by a correction.
        """
        lock(connection)
        review = reviews.find(connection, number)
        if review is None or review.decision is not None:
            state = "there is none" if review is None else f"it is decided: {review.decision}"
            raise NothingToDecide(f"question {number}: {state}")
        fitting = ("in", "out") if review.kind == "opt-in" else ("out", "release")
        if answer not in fitting:
            options = " or ".join(f"--{option}" for option in fitting)
            raise NothingToDecide(f"question {number} is of the kind {review.kind}: answer with {options}")
        entry: Entry | None = None
        if review.phone is None:
            decision = "seen"
        elif review.kind == "opt-in":
            decision = "confirmed" if answer == "in" else "voided"
            entry = self._decide_opt_in(connection, review.phone, answer, reason)
        elif review.kind == "out":
            decision = "confirmed" if answer == "out" else "voided"
            if answer == "release":
                entry = self._correct(connection, review, reason)
        elif answer == "out":
            decision, entry = "out", self._row(connection, review.phone, "out", reason, None)
        else:
            decision = "released"
            self._expect_hold(connection, review.phone)
            entry = self._release(connection, review.phone, reason)
        reviews.close(connection, [number], decision, self._actor, self._ledger.now())
        return review, entry

    @staticmethod
    def is_decided(connection: Connection, number: int) -> bool:
        """Whether a question has its answer."""
        review = reviews.find(connection, number)
        return review is not None and review.decision is not None

    @staticmethod
    def has_other_questions(connection: Connection, review: Review) -> bool:
        """Whether the phone of `review` is on hold for another kind of reason too: a release would end that as well."""
        if review.phone is None:
            return False
        return any(
            other.holds and other.kind != review.kind for other in reviews.waiting(connection, phone=review.phone)
        )

    def _correct(self, connection: Connection, review: Review, reason: str) -> Entry:
        assert review.phone is not None
        draft = EntryDraft(
            phone=review.phone, action="correction", actor=self._actor, reason=reason, corrects=review.position
        )
        [entry] = self._ledger.append(connection, [draft])
        return entry

    def _decide_opt_in(self, connection: Connection, phone: str, answer: Answer, reason: str) -> Entry:
        folded = self._ledger.folded(connection, phone)
        doubtful = () if folded is None else folded.doubtful
        assert doubtful, "an open question about an opt-in has the opt-in"
        first = doubtful[0]
        if answer == "in":
            # It counts from its own receipt: a stop that came after it still stands, known by now or not.
            confirmed = EntryDraft(
                phone=phone,
                action="in",
                actor=self._actor,
                reason=f"confirmed the opt-in of row {first.position}: {reason}",
                provider=first.provider,
                account=first.account,
                received_at=first.received_at,
            )
            [entry] = self._ledger.append(connection, [confirmed])
            return entry
        corrections = [
            EntryDraft(phone=phone, action="correction", actor=self._actor, reason=reason, corrects=opt_in.position)
            for opt_in in doubtful
        ]
        return self._ledger.append(connection, corrections)[0]

    def _release(self, connection: Connection, phone: str, reason: str) -> Entry:
        open_before = [question.id for question in reviews.waiting(connection, phone=phone) if question.holds]
        entry = self._row(connection, phone, "release", reason, None)
        reviews.close(connection, open_before, "released", self._actor, self._ledger.now())
        return entry

    def _row(
        self, connection: Connection, phone: str, action: Literal["out", "release"], reason: str, text: str | None
    ) -> Entry:
        evidence = None if text is None else Evidence(text=text)
        draft = EntryDraft(phone=phone, action=action, actor=self._actor, reason=reason, evidence=evidence)
        [entry] = self._ledger.append(connection, [draft])
        return entry

    @staticmethod
    def _expect_hold(connection: Connection, phone: str) -> None:
        row = connection.execute("SELECT state FROM opt_outs WHERE phone = %s", (phone,)).fetchone()
        if row is None or row[0] != "hold":
            stands = "unknown" if row is None else row[0]
            raise NothingToDecide(f"the number is not on hold: {stands}; only the person's own opt-in ends an opt-out")


#: The worst first.
_STATE = """
SELECT phone, state, since, reason, position, last_position, updated_at FROM opt_outs
WHERE phone = ANY (%s) ORDER BY array_position(ARRAY['out', 'hold', 'in'], state), phone
"""
_RECEIVED = "SELECT position, phone_as_received FROM opt_out_ledger WHERE phone = ANY (%s)"
_EVIDENCE = "SELECT digest, text, name FROM opt_out_evidence WHERE digest = ANY (%s)"
_ENFORCEMENTS = """
SELECT phone, target, account, position, status, detail, attempts, deadline, first_attempt_at, last_attempt_at, done_at
FROM enforcements WHERE phone = ANY (%s) ORDER BY position, target, account
"""
_PARKED = """
SELECT topic, partition, record_offset, disposition, error_class, error_message, parked_at
FROM opt_out_parked WHERE phone = ANY (%s) ORDER BY id
"""


def held_as(connection: Connection, number: NumberQuery) -> str:
    """The phone of the ledger under which `number` is on hold; where it is not, its present form."""
    same, _ = ledger_phones(connection, number)
    on_hold = {row["phone"] for row in _rows(connection, _STATE, same) if row["state"] == "hold"}
    return next((phone for phone in same if phone in on_hold), number.phone.number)


def proof(connection: Connection, number: NumberQuery, peppers: PhonePeppers = NO_PEPPERS) -> dict[str, Any]:
    """Everything about `number`: every row with its place in the chain and its evidence, and what followed.

    Under whatever text it is kept; where it is under none, of the numbers that it cannot be told from. One that was
    erased is found with `peppers`.
    """
    same, possible = ledger_phones(connection, number, peppers)
    phones = same or possible
    of_phones = states.entries_of(connection, phones)
    entries = sorted((entry for phone in phones for entry in of_phones.get(phone, ())), key=lambda row: row.position)
    received: dict[int, str | None] = dict(connection.execute(_RECEIVED, (phones,)).fetchall())
    digests = [entry.evidence_digest for entry in entries]
    evidence = {
        digest: {"text": text, "name": name} for digest, text, name in connection.execute(_EVIDENCE, (digests,))
    }
    head = connection.execute("SELECT position, hash FROM opt_out_ledger ORDER BY position DESC LIMIT 1").fetchone()
    return {
        "phone": number.phone.number,
        "kept_as": phones,
        "may_also_be": possible if same else [],
        "opt_out": next(iter(_rows(connection, _STATE, phones)), None),
        "ledger": [
            {name: getattr(entry, name) for name in COLUMNS}
            | {"phone_as_received": received.get(entry.position)}
            | {"evidence": evidence.get(entry.evidence_digest), "hash_is_right": entry.hashed() == entry.hash}
            for entry in entries
        ],
        "enforcements": _rows(connection, _ENFORCEMENTS, phones),
        "reviews": [asdict(question) for phone in phones for question in reviews.of_phone(connection, phone)],
        "parked": _rows(connection, _PARKED, phones),
        "chain": {"head": head[0] if head else 0, "hash": head[1] if head else None},
    }


def _rows(connection: Connection, query: str, phones: list[str]) -> list[Mapping[str, Any]]:
    cursor = connection.execute(query, (phones,))
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
