"""Records that cannot be processed: kept with their bytes, their phone on hold, in the offset's transaction.

Nothing is skipped: until a person has looked, or the clock has run out and made it an opt-out, nobody may text
the number that the record is about.
"""

from __future__ import annotations

import hashlib
import json

from processors.engine.processor import SetAside
from processors.engine.writer import is_ours
from processors.opt_out import reviews
from processors.opt_out.entry import EntryDraft
from processors.opt_out.ledger import Ledger, lock, utc_now
from processors.opt_out.reading import phone_read
from runtime.postgres import Connection

#: No phone number is longer, however it is written; PostgreSQL's index takes no key beyond some 2,700 bytes.
_LONGEST_PHONE_BYTES = 256

#: Short codes have five digits, and nothing that can be texted has fewer.
_FEWEST_DIGITS = 5

_PARK = """
INSERT INTO opt_out_parked (topic, partition, record_offset, record_timestamp, key, value, headers, disposition,
    error_class, error_message, attempts, phone, review_id, writer)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def park(connection: Connection, ledger: Ledger, aside: SetAside, region: str | None) -> None:
    """Keep `aside`, put the phone that is its key on hold, and ask a person."""
    record = aside.record
    ours = is_ours(record)
    named = _phone(record.key, ours)
    about = None if named is None else phone_read(named, region)
    phone = None if about is None else about["phone"]
    question = f"a record of {record.topic} could not be read: {aside.disposition}, {aside.error_class}"
    if about is None:
        lock(connection)
        review = reviews.ask_without_phone(connection, None, question, utc_now())
    else:
        [entry] = ledger.append(
            connection,
            [
                EntryDraft(
                    **about,
                    action="hold",
                    actor="parked",
                    reason="a record about it could not be read",
                    event_hash=hashlib.sha256(record.value or b"").hexdigest(),
                    topic=record.topic,
                    partition=record.partition,
                    record_offset=record.offset,
                    review="parked",
                    question=question,
                )
            ],
        )
        row = connection.execute("SELECT id FROM opt_out_reviews WHERE position = %s", (entry.position,)).fetchone()
        review = None if row is None else int(row[0])
    headers = [[_storable(name), None if value is None else value.hex()] for name, value in record.headers]
    writer = "ours" if ours else "unknown"
    values = (aside.disposition, aside.error_class, _storable(aside.error_message), aside.attempts)
    place = (record.topic, record.partition, record.offset, record.timestamp_ms)
    connection.execute(_PARK, (*place, record.key, record.value, json.dumps(headers), *values, phone, review, writer))


def _phone(key: bytes | None, ours: bool) -> str | None:
    """The phone that the key is: any text that ingest wrote, and what could be a number if somebody else did."""
    if not key or len(key) > _LONGEST_PHONE_BYTES:
        return None
    text = _storable(key.decode("utf-8", "backslashreplace")).strip()
    if not ours and sum(character.isdigit() for character in key.decode("utf-8", "ignore")) < _FEWEST_DIGITS:
        return None
    return text or None


def _storable(text: str) -> str:
    """`text` as PostgreSQL takes it: what made a record unreadable must not make it unkeepable."""
    # Of `str`, because the name of a header that is not UTF-8 encodes to its own bytes.
    return str.encode(text, "utf-8", "backslashreplace").decode().replace("\x00", "")
