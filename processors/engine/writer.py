"""Who wrote a record, as far as it tells: our own processes, or somebody else.

A group halts rather than empty a topic into the dead letters when *our* records cannot be read: a schema that this
version does not know, say. What somebody else put on a topic tells nothing about that (docs/decisions/0017).
"""

from __future__ import annotations

from uuid import UUID

from runtime.kafka.consumer import Record
from schemas.cloudevents import CONTENT_TYPE
from schemas.codec import has_wire_format

#: How much of a header is shown: whoever wrote it chose its length.
_SHOWN = 60


def is_ours(record: Record) -> bool:
    """Whether `record` looks like one that ingest or opt-out wrote: their wire format and their headers."""
    if record.unreadable is not None or not has_wire_format(record.value):
        return False
    headers = dict(record.headers)
    if headers.get("ce_specversion") != b"1.0" or headers.get("content-type") != CONTENT_TYPE:
        return False
    try:
        UUID((headers.get("ce_id") or b"").decode("ascii"))
    except ValueError:
        return False
    return True


def writer_of(record: Record) -> str:
    """Who wrote `record`, in words, without personal data."""
    if not is_ours(record):
        return "nobody of ours"
    headers = dict(record.headers)
    source = _shown(headers.get("ce_source"))
    node = _shown(headers.get("hl-node"))
    return f"{source or 'no source'} on {node}" if node else source or "no source"


def _shown(header: bytes | None) -> str:
    text = (header or b"").decode("ascii", "replace")[:_SHOWN]
    return "".join(character if character.isprintable() else "?" for character in text)
