"""Which notes a message has, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import Mock
from uuid import uuid4

import pytest

from processors.crm_sync.notes import Daily, EachMessage, Head
from processors.crm_sync.work import Link, NoteDraft


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max, datetime(9999, 12, 31)])  # noqa: DTZ001, DTZ901
def test_a_message_of_a_time_that_is_in_no_day_has_a_note_of_its_own(moment: datetime, zone: str) -> None:
    """Tables have such rows of before: no record tells such a time any more."""
    at = moment.replace(tzinfo=UTC)
    draft = NoteDraft("textlink:1", "id", "message", "textlink", "textlink", "in", "received", "hello", at)
    head = Head(uuid4(), "+13035550142", draft, Link("note", "textlink:1", None, {}))
    policy = Daily("rest", EachMessage("{what}: {text}"), "{time} {text}", zone)
    [[desired]] = policy.desired_notes(Mock(), [head])
    assert desired.note.text == "SMS received: hello"
