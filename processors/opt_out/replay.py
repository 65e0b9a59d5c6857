"""Two rule sets over the stored history: what would have been decided otherwise, and holds for what was missed.

A hold carries the message's own times, so that an opt-in that came later ends it; its review's clock starts now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from processors.crm_sync.backfill import StoredEvent
from processors.opt_out.classifier import Classifier, Decision
from processors.opt_out.entry import EntryDraft, Evidence
from processors.opt_out.ledger import Ledger
from runtime.postgres import Connection
from schemas.events import Event, EventType, Message

#: Messages that are read at once, and drafts in one transaction: it holds the ledger's lock.
BATCH = 500
#: Texts that are kept of each kind of difference.
EXAMPLES = 5

_COLUMNS = ", ".join("payload::text" if name == "payload" else name for name in StoredEvent._fields)
_MESSAGES = f"""
SELECT {_COLUMNS} FROM events
WHERE event_type = %s AND NOT is_test AND contact_phone IS NOT NULL AND (%s::timestamptz IS NULL OR received_at >= %s)
ORDER BY received_at, event_id
"""  # noqa: S608 - our columns
_BEGUN = """
INSERT INTO opt_out_rule_changes (older, newer, since, messages, holds, decided_by, decided_at)
VALUES (%s, %s, %s, 0, 0, %s, %s) RETURNING id
"""
_COUNTED = "UPDATE opt_out_rule_changes SET messages = messages + %s, holds = holds + %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """A message about which two rule sets differ."""

    message: Message
    older: Decision
    newer: Decision

    @property
    def missed(self) -> bool:
        """Whether the older set let it through and the newer one does not."""
        return self.older.action == "none" and self.newer.action in ("out", "hold")

    @property
    def kind(self) -> tuple[str, str, str]:
        """From, to, and the rule that makes the difference: the newer set's, or the older one's that is gone."""
        rule = self.newer.rule if self.newer.action != "none" else self.older.rule
        return self.older.action, self.newer.action, rule


@dataclass(slots=True)
class Kind:
    """Messages about which two rule sets differ in one way."""

    messages: int = 0
    phones: set[str] = field(default_factory=set)
    examples: list[Message] = field(default_factory=list)  #: the first few

    def add(self, message: Message) -> None:
        """Count one more."""
        self.messages += 1
        self.phones.add(str(message.contact_phone))
        if len(self.examples) < EXAMPLES:
            self.examples.append(message)


def stored_messages(connection: Connection, since: datetime | None) -> Iterator[list[StoredEvent]]:
    """Every message that was received, in that order, a batch at a time; within a transaction of `connection`."""
    with connection.cursor("stored_messages") as cursor:
        cursor.itersize = BATCH
        cursor.execute(_MESSAGES.encode(), (EventType.MESSAGE_RECEIVED.value, since, since))
        while rows := cursor.fetchmany(BATCH):
            yield [StoredEvent(*row) for row in rows]


def differences(events: Iterable[Event], older: Classifier, newer: Classifier) -> Iterator[RuleDifference]:
    """The messages of `events` about which the sets differ in what follows."""
    for event in events:
        if not isinstance(event, Message) or not event.text or event.contact_phone is None:
            continue
        before, after = older.classify(event.text), newer.classify(event.text)
        if before.action != after.action:
            yield RuleDifference(event, before, after)


def begin(connection: Connection, sets: tuple[int, int], since: datetime | None, by: str, now: datetime) -> int:
    """Write down that a change of rules is applied; its id."""
    [(change,)] = connection.execute(_BEGUN, (*sets, since, by, now)).fetchall()
    return int(change)


def hold(connection: Connection, ledger: Ledger, change: int, messages: int, found: Sequence[RuleDifference]) -> int:
    """Hold the phones of those of `found` that were missed; how many rows were new. Repeated, none are."""
    drafts = [_draft(change, difference) for difference in found if difference.missed]
    added = len(ledger.append(connection, drafts))
    connection.execute(_COUNTED, (messages, added, change))
    return added


def _draft(change: int, difference: RuleDifference) -> EntryDraft:
    message, decision = difference.message, difference.newer
    assert message.contact_phone is not None
    return EntryDraft(
        phone=message.contact_phone,
        action="hold",
        actor="rules",
        reason=f"rule change {change}: set {difference.older.rule_set} let it through",
        tier=decision.tier,
        rule=decision.rule,
        rule_set=decision.rule_set,
        provider=message.provider,
        account=message.account,
        account_phone=message.account_phone,
        event_id=message.event_id,
        message_id=message.message_key,
        occurred_at=message.occurred_at if message.time_valid else None,
        received_at=message.received_at,
        event_hash=hashlib.sha256(message.payload.encode()).hexdigest(),
        evidence=Evidence(text=message.text, name=message.name),
        review="hold",
        question=f"was it a stop? rule {decision.rule}, which rule set {difference.older.rule_set} did not have",
        clock_starts_now=True,
    )
